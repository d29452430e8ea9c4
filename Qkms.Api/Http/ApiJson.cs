using System.Text.Json;
using System.Text.Json.Serialization;
using Qkms.Api.Algorithms;
using Qkms.Api.Health;
using Qkms.Api.Keys;

namespace Qkms.Api.Http;

/// <summary>Every type that crosses the wire; the serializer's code for them is generated at build time.</summary>
[JsonSerializable(typeof(ErrorEnvelope))]
[JsonSerializable(typeof(GenerateKeyRequest))]
[JsonSerializable(typeof(RotateKeyRequest))]
[JsonSerializable(typeof(RetireKeyRequest))]
[JsonSerializable(typeof(RevokeKeyRequest))]
[JsonSerializable(typeof(Envelope<KeyVersionResponse>))]
[JsonSerializable(typeof(Envelope<RotatedKeyResponse>))]
[JsonSerializable(typeof(Envelope<KeyListResponse>))]
[JsonSerializable(typeof(JsonWebKey))]
[JsonSerializable(typeof(Envelope<AlgorithmListResponse>))]
[JsonSerializable(typeof(Envelope<HealthResponse>))]
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
        options.TypeInfoResolverChain.Insert(0, ApiJsonContext.Default);
    }
}
