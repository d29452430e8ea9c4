using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Qkms.Api.Http;
using Qkms.Api.Keys;
using Qkms.Core.Keys;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.OpenApi;

/// <summary>Adds to schemas what types alone do not say: examples, patterns and lists of words.</summary>
internal sealed class SchemaDetails : ISchemaFilter
{
    private static readonly Dictionary<string, JsonNode> _examples = new(StringComparer.Ordinal)
    {
        ["kid"] = "0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37",
        ["key_id"] = "0198f5c2-7d1d-7a10-8f2e-5b7d90c4e6a1",
        ["key_version"] = 1,
        ["old_key_version"] = 1,
        ["name"] = "default",
        ["algorithm"] = "ML-KEM-768",
        ["algorithm_id"] = "ML-KEM-768",
        ["use"] = "enc",
        ["status"] = "active",
        ["public_key"] = "p1yUZ0Zm…",
        ["created_at"] = "2026-01-02T03:04:05.678Z",
        ["timestamp"] = "2026-01-02T03:04:05.678Z",
        ["request_id"] = "0198f5c2-7d1f-7b6e-a3d8-41c9e07b52f0",
        ["error_code"] = "ERR_KMS_004",
        ["message"] = "Key '0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37' is active for ML-KEM-768 under the name 'default': rotate it instead.",
    };

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { } properties } concrete)
            return;

        foreach ((string name, IOpenApiSchema property) in properties)
        {
            if (property is OpenApiSchema detailed)
                Describe(context.Type, name, detailed);
        }

        // Requests take no other members; answers may gain some.
        if (context.Type.Name.EndsWith("Request", StringComparison.Ordinal))
            concrete.AdditionalPropertiesAllowed = false;
    }

    private static void Describe(Type type, string name, OpenApiSchema property)
    {
        if (type.Namespace == typeof(ErrorEnvelope).Namespace || type == typeof(KeyVersionResponse) || type == typeof(RotatedKeyResponse))
            property.Example = _examples.GetValueOrDefault(name)?.DeepClone();

        if (type == typeof(JsonWebKey) || type.Namespace != typeof(KeyVersionResponse).Namespace)
            return;

        switch (name)
        {
            case "kid":
                property.Pattern = Kid.Pattern;
                break;
            case "name":
                property.Pattern = KeyName.Pattern;
                property.MaxLength = KeyName.MaxLength;
                break;
            case "use":
                property.Enum = Words("enc", "sig");
                break;
            case "status":
                property.Enum = Words("active", "retired", "expired", "revoked", "destroyed");
                break;
            case "algorithm":
                property.Enum = Words([.. KeyAlgorithm.AcceptedSpellings]);
                break;
            case "algorithm_id":
                property.Enum = Words([.. KeyAlgorithm.All.Select(a => a.Name)]);
                break;
            case "oaep_hash":
                property.Enum = Words([.. OaepHash.All]);
                break;
            case "key_version" or "expected_key_version" or "old_key_version":
                property.Minimum = "1";
                break;
            case "reason":
                property.MaxLength = Core.Audit.AuditEvent.MaxReasonLength;
                break;
        }

        // A list of words that a null may stand beside names the null too.
        if (property is { Enum: { } words, Type: { } types } && types.HasFlag(JsonSchemaType.Null))
            words.Add(JsonNullSentinel.JsonNull);
    }

    private static List<JsonNode> Words(params string[] words) => [.. words.Select(word => (JsonNode)word)];
}
