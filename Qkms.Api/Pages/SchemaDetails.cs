using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Qkms.Api.Algorithms;
using Qkms.Api.Encryption;
using Qkms.Api.Encryption.DataKeys;
using Qkms.Api.Encryption.Kem;
using Qkms.Api.Fields;
using Qkms.Api.Health;
using Qkms.Api.Keys;
using Qkms.Core.Algorithms;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.Pages;

/// <summary>Adds to schemas the details that types alone do not have, from <see cref="FieldDetails"/> and <see cref="FieldExamples"/>.</summary>
internal sealed class SchemaDetails : ISchemaFilter
{
    // Where a name means something else than elsewhere, or is only there.
    private static readonly Dictionary<(Type, string), string[]> _words = new()
    {
        [(typeof(HealthResponse), "status")] = ["live", "ready"],
        [(typeof(AlgorithmResponse), "status")] = ["RECOMMENDED", "SUPPORTED", "LEGACY"],
        [(typeof(AlgorithmResponse), "algorithm")] = [.. KeyAlgorithm.All.Select(algorithm => algorithm.Name)],
        [(typeof(AlgorithmResponse), "kty")] = ["AKP", "RSA", "oct"],
        [(typeof(JsonWebKey), "kty")] = ["AKP", "RSA"],
        [(typeof(JsonWebKey), "alg")] = [.. KeyAlgorithm.All.Where(algorithm => algorithm.Family.JwkKeyType == "AKP").Select(algorithm => algorithm.Name), "RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"],
    };

    // Byte strings whose length is another than their name says elsewhere: what opens may have been made by others, and be as long as its ciphertext.
    private static readonly Dictionary<(Type, string), Action<OpenApiSchema>> _bytes = new()
    {
        [(typeof(DecryptDataKeyRequest), "ciphertext")] = schema => FieldDetails.DescribeBytes(schema, 0, DecryptDataKeyRequestValidator.MaxCiphertext),
        [(typeof(GenerateDataKeyResponse), "plaintext")] = FieldDetails.DescribeDataKey,
        [(typeof(DecryptDataKeyResponse), "plaintext")] = FieldDetails.DescribeDataKey,
        [(typeof(DecryptResponse), "plaintext")] = AsLongAsCiphertexts,
        [(typeof(DecryptedItem), "plaintext")] = AsLongAsCiphertexts,
        [(typeof(KemDecryptResponse), "plaintext")] = AsLongAsCiphertexts,
        [(typeof(UnwrapKeyResponse), "symmetric_key")] = AsLongAsCiphertexts,
    };

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
        if (isRequest)
            TakeNullForReferences(properties, members);

        concrete.AdditionalPropertiesAllowed = !isRequest;
        concrete.Required = properties.Keys
            .Where(name => isRequest ? members[name].IsDefined(typeof(RequiredAttribute)) : !IsLeftOut(members[name]))
            .ToHashSet();
    }

    private static void Describe(Type type, string name, MemberInfo member, OpenApiSchema property)
    {
        if (member.IsDefined(typeof(RequiredAttribute)) || IsLeftOut(member))
            property.Type &= ~JsonSchemaType.Null;

        property.ReadOnly = false; // members of answers, which nobody sends
        FieldDetails.Describe(name, property);
        if (_bytes.TryGetValue((type, name), out Action<OpenApiSchema>? describe))
            describe(property);

        if (_words.TryGetValue((type, name), out string[]? words))
            property.Enum = FieldDetails.Words(words);
        else if (FieldExamples.Of(ExampleNameOf(type, name, property)) is { } example && Fits(property.Type, example))
            property.Examples = [example];
    }

    private static void AsLongAsCiphertexts(OpenApiSchema schema) => FieldDetails.DescribeBytes(schema, 0, SizeRules.MaxCiphertext);

    // The message of a signature is like a plaintext, and a data key like any symmetric key.
    private static string ExampleNameOf(Type type, string name, OpenApiSchema property) => name switch
    {
        "message" when property.Format == "byte" => "plaintext",
        "plaintext" when type == typeof(GenerateDataKeyResponse) || type == typeof(DecryptDataKeyResponse) => "symmetric_key",
        _ => name,
    };

    // Null stands for absent in requests, also where the schema is another's.
    private static void TakeNullForReferences(IDictionary<string, IOpenApiSchema> properties, Dictionary<string, PropertyInfo> members)
    {
        foreach ((string name, IOpenApiSchema property) in properties.Where(p => p.Value is OpenApiSchemaReference).ToList())
        {
            properties[name] = new OpenApiSchema
            {
                OneOf = [new OpenApiSchema { Type = JsonSchemaType.Null }, property],
                Description = members[name].GetCustomAttribute<DescriptionAttribute>()?.Description,
            };
        }
    }

    // A name may stand for different kinds of values.
    private static bool Fits(JsonSchemaType? type, JsonNode example) => type?.HasFlag(example.GetValueKind() switch
    {
        JsonValueKind.Array => JsonSchemaType.Array,
        JsonValueKind.Object => JsonSchemaType.Object,
        JsonValueKind.Number => JsonSchemaType.Integer,
        _ => JsonSchemaType.String,
    }) == true;

    // Such a member is absent where others would be null.
    private static bool IsLeftOut(MemberInfo member) =>
        member.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.WhenWritingNull };
}
