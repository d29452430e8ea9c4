using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Qkms.Api.Pages;

/// <summary>Writes into schemas what <see cref="FieldAttribute"/> says of members and parameters.</summary>
internal static class FieldDetails
{
    /// <summary>The attribute of a member or parameter, or else that of its type, or null.</summary>
    public static FieldAttribute? Of(ICustomAttributeProvider member, Type type) =>
        member.GetCustomAttributes(typeof(FieldAttribute), inherit: false).OfType<FieldAttribute>().FirstOrDefault()
        ?? (Nullable.GetUnderlyingType(type) ?? type).GetCustomAttribute<FieldAttribute>();

    public static void Describe(OpenApiSchema schema, FieldAttribute field)
    {
        if (Has(schema, JsonSchemaType.Array))
            DescribeList(schema, field);
        else if (Has(schema, JsonSchemaType.Object))
            DescribeMap(schema, field);
        else
            DescribeValue(schema, field);

        // A list of words must name null where it is allowed.
        if (schema.Enum is { } words && Has(schema, JsonSchemaType.Null))
            words.Add(JsonNullSentinel.JsonNull);
    }

    /// <summary>The example of a field in the shape of its schema, or null.</summary>
    public static JsonNode? ExampleOf(OpenApiSchema schema, FieldAttribute field) => field.Example switch
    {
        null => null,
        string json when Has(schema, JsonSchemaType.Object) => JsonNode.Parse(json),
        { } item when Has(schema, JsonSchemaType.Array) => new JsonArray(ToNode(item)),
        { } value => ToNode(value),
    };

    private static void DescribeList(OpenApiSchema schema, FieldAttribute field)
    {
        schema.MinItems = AtLeast(field.MinItems);
        schema.MaxItems = AtMost(field.MaxItems);
        if (schema.Items is OpenApiSchema item)
            DescribeValue(item, field);
    }

    // Names are not empty, and values are strings; in a merge patch null removes one.
    private static void DescribeMap(OpenApiSchema schema, FieldAttribute field)
    {
        schema.MaxProperties = AtMost(field.MaxItems);
        JsonSchemaType type = field.TakesNullValues ? JsonSchemaType.String | JsonSchemaType.Null : JsonSchemaType.String;
        schema.AdditionalProperties = new OpenApiSchema { Type = type, MaxLength = AtMost(field.MaxLength) };
        schema.PropertyNames = new OpenApiSchema { MinLength = 1, MaxLength = AtMost(field.MaxLength) };
    }

    private static void DescribeValue(OpenApiSchema schema, FieldAttribute field)
    {
        schema.Pattern = field.Pattern;
        schema.MinLength = AtLeast(field.MinLength);
        schema.MaxLength = AtMost(field.MaxLength);
        schema.Minimum = field.Minimum == long.MinValue ? null : field.Minimum.ToString(CultureInfo.InvariantCulture);
        schema.Maximum = field.Maximum == long.MaxValue ? null : field.Maximum.ToString(CultureInfo.InvariantCulture);
        schema.Enum = field.Words is null ? null : [.. field.Words.Select(ToNode)];
        schema.Default = field.Default is null ? null : ToNode(field.Default);
    }

    private static int? AtLeast(int value) => value == 0 ? null : value;

    private static int? AtMost(int value) => value == int.MaxValue ? null : value;

    private static bool Has(OpenApiSchema schema, JsonSchemaType type) => schema.Type?.HasFlag(type) == true;

    private static JsonNode ToNode(object value) => value is int number ? number : (string)value;
}
