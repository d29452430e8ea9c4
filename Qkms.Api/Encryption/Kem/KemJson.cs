using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Encryption.Kem;

/// <summary>Requests and answers of ML-KEM keys, as JSON.</summary>
[JsonSerializable(typeof(EncapsulateRequest))]
[JsonSerializable(typeof(Envelope<EncapsulateResponse>))]
[JsonSerializable(typeof(DecapsulateRequest))]
[JsonSerializable(typeof(Envelope<DecapsulateResponse>))]
[JsonSerializable(typeof(KemEncryptRequest))]
[JsonSerializable(typeof(Envelope<KemEncryptResponse>))]
[JsonSerializable(typeof(KemDecryptRequest))]
[JsonSerializable(typeof(Envelope<KemDecryptResponse>))]
[JsonSerializable(typeof(WrapKeyRequest))]
[JsonSerializable(typeof(Envelope<WrapKeyResponse>))]
[JsonSerializable(typeof(UnwrapKeyRequest))]
[JsonSerializable(typeof(Envelope<UnwrapKeyResponse>))]
internal sealed partial class KemJson : JsonSerializerContext;
