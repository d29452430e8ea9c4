using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Encryption;

/// <summary>Requests and answers of encryption, as JSON.</summary>
[JsonSerializable(typeof(EncryptRequest))]
[JsonSerializable(typeof(EncryptItemRequest))]
[JsonSerializable(typeof(Envelope<EncryptResponse>))]
[JsonSerializable(typeof(DecryptRequest))]
[JsonSerializable(typeof(DecryptItemRequest))]
[JsonSerializable(typeof(Envelope<DecryptResponse>))]
[JsonSerializable(typeof(ReEncryptRequest))]
[JsonSerializable(typeof(ReEncryptItemRequest))]
[JsonSerializable(typeof(Envelope<ReEncryptResponse>))]
internal sealed partial class EncryptionJson : JsonSerializerContext;
