using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Qkms.Api.Algorithms;
using Qkms.Api.Health;
using Qkms.Api.Http;
using Qkms.Api.Keys;
using Qkms.Core.Algorithms;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.OpenApi;

/// <summary>Adds to schemas what types alone do not say: examples, and what <see cref="FieldDetails"/> knows of their members.</summary>
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
        ["public_key"] = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
        ["created_at"] = "2026-01-02T03:04:05.678Z",
        ["timestamp"] = "2026-01-02T03:04:05.678Z",
        ["request_id"] = "0198f5c2-7d1f-7b6e-a3d8-41c9e07b52f0",
    };

    private static readonly Dictionary<(Type, string), string[]> _words = new()
    {
        [(typeof(HealthResponse), "status")] = ["live", "ready"],
        [(typeof(AlgorithmResponse), "status")] = ["RECOMMENDED", "SUPPORTED", "LEGACY"],
        [(typeof(AlgorithmResponse), "algorithm")] = [.. KeyAlgorithm.All.Select(algorithm => algorithm.Name)],
        [(typeof(AlgorithmResponse), "kty")] = ["AKP", "RSA"],
        [(typeof(JsonWebKey), "kty")] = ["AKP", "RSA"],
        [(typeof(JsonWebKey), "use")] = ["enc", "sig"],
    };

    /// <summary>A value that a member of this name may have.</summary>
    public static JsonNode ExampleOf(string member) => _examples[member].DeepClone();

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { } properties } concrete)
            return;

        Dictionary<string, PropertyInfo> members = context.Type.GetProperties().ToDictionary(m => JsonNamingPolicy.SnakeCaseLower.ConvertName(m.Name));
        foreach ((string name, IOpenApiSchema property) in properties)
        {
            if (property is OpenApiSchema detailed)
                Describe(context.Type, name, members[name], detailed);
        }

        // Requests take no other members; answers may gain some, and always have those they have.
        bool isRequest = context.Type.Name.EndsWith("Request", StringComparison.Ordinal);
        concrete.AdditionalPropertiesAllowed = !isRequest;
        concrete.Required = properties.Keys
            .Where(name => isRequest ? members[name].IsDefined(typeof(RequiredAttribute)) : !IsLeftOut(members[name]))
            .ToHashSet();
    }

    private static void Describe(Type type, string name, MemberInfo member, OpenApiSchema property)
    {
        if (member.IsDefined(typeof(RequiredAttribute)) || IsLeftOut(member))
            property.Type &= ~JsonSchemaType.Null;

        if (type.Namespace == typeof(KeyVersionResponse).Namespace && type != typeof(JsonWebKey))
            FieldDetails.Describe(name, property);

        if (_words.TryGetValue((type, name), out string[]? words))
            property.Enum = [.. words.Select(word => (JsonNode)word)];

        if (IsAnswer(type) && _examples.ContainsKey(name))
            property.Examples = [ExampleOf(name)];
    }

    // Such a member is absent where others would be null.
    private static bool IsLeftOut(MemberInfo member) =>
        member.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.WhenWritingNull };

    private static bool IsAnswer(Type type) =>
        type.Namespace == typeof(ErrorEnvelope).Namespace || type == typeof(KeyVersionResponse) || type == typeof(RotatedKeyResponse);
}
