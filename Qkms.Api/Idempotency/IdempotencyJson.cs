using System.Text.Json;
using System.Text.Json.Serialization;

namespace Qkms.Api.Idempotency;

/// <summary>What is kept of answers, and answered again, as JSON.</summary>
[JsonSerializable(typeof(KeptContent))]
[JsonSerializable(typeof(Envelope<JsonElement>))]
internal sealed partial class IdempotencyJson : JsonSerializerContext;
