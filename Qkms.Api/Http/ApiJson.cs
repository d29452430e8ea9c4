using System.Text.Json;
using System.Text.Json.Serialization;
using Qkms.Api.Algorithms;
using Qkms.Api.Encryption;
using Qkms.Api.Encryption.DataKeys;
using Qkms.Api.Encryption.Kem;
using Qkms.Api.Fields;
using Qkms.Api.Health;
using Qkms.Api.Idempotency;
using Qkms.Api.Keys;
using Qkms.Api.Signatures;

namespace Qkms.Api.Http;

/// <summary>Every type that crosses the wire; the serializer's code for them is generated at build time.</summary>
[JsonSerializable(typeof(ErrorEnvelope))]
[JsonSerializable(typeof(GenerateKeyRequest))]
[JsonSerializable(typeof(RotateKeyRequest))]
[JsonSerializable(typeof(RetireKeyRequest))]
[JsonSerializable(typeof(RevokeKeyRequest))]
[JsonSerializable(typeof(DestroyKeyRequest))]
[JsonSerializable(typeof(CancelKeyDeletionRequest))]
[JsonSerializable(typeof(Envelope<KeyVersionResponse>))]
[JsonSerializable(typeof(Envelope<RotatedKeyResponse>))]
[JsonSerializable(typeof(Envelope<KeyListResponse>))]
[JsonSerializable(typeof(JsonWebKey))]
[JsonSerializable(typeof(KeptContent))]
[JsonSerializable(typeof(Envelope<JsonElement>))]
[JsonSerializable(typeof(Envelope<AlgorithmListResponse>))]
[JsonSerializable(typeof(Envelope<HealthResponse>))]
[JsonSerializable(typeof(EncryptRequest))]
[JsonSerializable(typeof(Envelope<EncryptResponse>))]
[JsonSerializable(typeof(DecryptRequest))]
[JsonSerializable(typeof(Envelope<DecryptResponse>))]
[JsonSerializable(typeof(ReEncryptRequest))]
[JsonSerializable(typeof(Envelope<ReEncryptResponse>))]
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
[JsonSerializable(typeof(SignRequest))]
[JsonSerializable(typeof(Envelope<SignResponse>))]
[JsonSerializable(typeof(VerifyRequest))]
[JsonSerializable(typeof(Envelope<VerifyResponse>))]
[JsonSerializable(typeof(SignHashRequest))]
[JsonSerializable(typeof(Envelope<SignHashResponse>))]
[JsonSerializable(typeof(VerifyHashRequest))]
[JsonSerializable(typeof(Envelope<VerifyHashResponse>))]
[JsonSerializable(typeof(GenerateDataKeyRequest))]
[JsonSerializable(typeof(Envelope<GenerateDataKeyResponse>))]
[JsonSerializable(typeof(DecryptDataKeyRequest))]
[JsonSerializable(typeof(Envelope<DecryptDataKeyResponse>))]
internal sealed partial class ApiJsonContext : JsonSerializerContext;

/// <summary>How JSON is read and written.</summary>
internal static class ApiJson
{
    /// <summary>snake_case, case-sensitive, strict about types, and neither unknown nor repeated members.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.AllowDuplicateProperties = false;
        options.Converters.Add(new UtcConverter());
        options.Converters.Add(new Base64BytesConverter());
        options.Converters.Add(new SecretBytesConverter());
        options.Converters.Add(new EncodedSecretConverter());
        options.TypeInfoResolverChain.Insert(0, ApiJsonContext.Default);
    }
}
