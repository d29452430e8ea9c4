using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Encryption.DataKeys;

/// <summary>Requests and answers about data keys, as JSON.</summary>
[JsonSerializable(typeof(GenerateDataKeyRequest))]
[JsonSerializable(typeof(GenerateDataKeyItemRequest))]
[JsonSerializable(typeof(Envelope<GenerateDataKeyResponse>))]
[JsonSerializable(typeof(DecryptDataKeyRequest))]
[JsonSerializable(typeof(DecryptDataKeyItemRequest))]
[JsonSerializable(typeof(Envelope<DecryptDataKeyResponse>))]
internal sealed partial class DataKeyJson : JsonSerializerContext;
