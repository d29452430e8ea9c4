using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.Pages;

/// <summary>Adds to schemas the details that types alone do not have, as <see cref="FieldAttribute"/> has them.</summary>
internal sealed class SchemaDetails : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { } properties } concrete)
            return;

        Dictionary<string, PropertyInfo> members = context.Type.GetProperties()
            .ToDictionary(m => JsonNamingPolicy.SnakeCaseLower.ConvertName(m.Name));
        foreach ((string name, IOpenApiSchema property) in properties)
        {
            if (property is OpenApiSchema detailed)
                Describe(members[name], detailed);
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

    private static void Describe(PropertyInfo member, OpenApiSchema property)
    {
        if (member.IsDefined(typeof(RequiredAttribute)) || IsLeftOut(member))
            property.Type &= ~JsonSchemaType.Null;

        property.ReadOnly = false; // members of answers, which nobody sends
        if (FieldDetails.Of(member, member.PropertyType) is not { } field)
            return;

        // Of a structure that reads null as a value the generator sees that it is never null itself.
        property.Type |= field.Type & JsonSchemaType.Null;
        FieldDetails.Describe(property, field);
        if (FieldDetails.ExampleOf(property, field) is { } example)
            property.Examples = [example];
    }

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

    // Such a member is absent where others would be null.
    private static bool IsLeftOut(MemberInfo member) =>
        member.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.WhenWritingNull };
}
