using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Health;

/// <summary>The answers about health, as JSON.</summary>
[JsonSerializable(typeof(Envelope<HealthResponse>))]
internal sealed partial class HealthJson : JsonSerializerContext;
