using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Qkms.Api.Http;
using Qkms.Api.Keys;
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
        ["public_key"] = "p1yUZ0Zm…",
        ["created_at"] = "2026-01-02T03:04:05.678Z",
        ["timestamp"] = "2026-01-02T03:04:05.678Z",
        ["request_id"] = "0198f5c2-7d1f-7b6e-a3d8-41c9e07b52f0",
    };

    /// <summary>A value that a member of this name may have.</summary>
    public static JsonNode ExampleOf(string member) => _examples[member].DeepClone();

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { } properties } concrete)
            return;

        foreach ((string name, IOpenApiSchema property) in properties)
        {
            if (property is not OpenApiSchema detailed)
                continue;

            if (context.Type.Namespace == typeof(KeyVersionResponse).Namespace && context.Type != typeof(JsonWebKey))
                FieldDetails.Describe(name, detailed);

            if (IsAnswer(context.Type) && _examples.ContainsKey(name))
                detailed.Examples = [ExampleOf(name)];
        }

        // Requests take no other members; answers may gain some.
        if (context.Type.Name.EndsWith("Request", StringComparison.Ordinal))
            concrete.AdditionalPropertiesAllowed = false;
    }

    private static bool IsAnswer(Type type) =>
        type.Namespace == typeof(ErrorEnvelope).Namespace || type == typeof(KeyVersionResponse) || type == typeof(RotatedKeyResponse);
}
