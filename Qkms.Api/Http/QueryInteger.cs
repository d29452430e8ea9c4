using System.Globalization;
using Microsoft.OpenApi;

namespace Qkms.Api.Http;

/// <summary>A whole number in a query. It always binds; the validator checks the value, so that the refusal names the field.</summary>
/// <param name="Value">The number; null when the text is not one.</param>
[Field(Type = JsonSchemaType.Integer, Format = "int32")]
internal readonly record struct QueryInteger(int? Value)
{
    public static bool TryParse(string? text, out QueryInteger value)
    {
        value = new QueryInteger(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null);
        return true;
    }
}
