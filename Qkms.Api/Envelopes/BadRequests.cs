using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Qkms.Core.Secrets;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Qkms.Api.Envelopes;

/// <summary>
/// Explains, by field, what is wrong with a body that the framework could not read. The framework's own texts contain names of .NET types
/// and input bytes, and are never passed on.
/// </summary>
internal static partial class BadRequests
{
    public static KmsException Translate(HttpContext context, BadHttpRequestException exception)
    {
        KmsError error = Refusals.ForStatus(exception.StatusCode) ?? KmsErrors.Invalid;
        if (error != KmsErrors.Invalid)
            return error.Refusal();

        return exception.InnerException is JsonException json ? Explain(context, json) : Validation.NoBody();
    }

    private static KmsException Explain(HttpContext context, JsonException exception)
    {
        string? member = TopLevelMember(exception.Path);
        if (member is null)
            return KmsErrors.Invalid.With(
                "The body is not valid JSON, or not a JSON object.",
                new FieldError(Validation.BodyField, "is not valid JSON, or not a JSON object"));

        if (exception is JsonProblemException { Problem: var problem } && FieldPath().Match(exception.Path!) is { Success: true } field)
            return Blame(field.Groups[1].Value, problem);

        JsonPropertyInfo? property = FindProperty(context, member);
        if (property is not null && ItemPath().Match(exception.Path!) is { Success: true } item)
            return Blame(item.Groups[1].Value, "must be a documented member of an item, of the documented type, and occur once");

        return property is null
            ? KmsErrors.Invalid.With(
                $"'{member}' is not a member of this request.", new FieldError(member, "is not a member of this request"))
            : Blame(member, $"must be {Expectation(property.PropertyType)} and occur once");
    }

    private static KmsException Blame(string field, string problem) =>
        KmsErrors.Invalid.With($"'{field}' is not valid.", new FieldError(field, problem));

    // Paths look like "$.key_version" and "$.items[3].plaintext"; whatever looks otherwise is not repeated.
    private static string? TopLevelMember(string? path) =>
        path is not null && MemberPath().Match(path) is { Success: true } match ? match.Groups[1].Value : null;

    private static JsonPropertyInfo? FindProperty(HttpContext context, string member)
    {
        Type? requestType = context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        if (requestType is null)
            return null;

        JsonSerializerOptions options = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        return options.GetTypeInfo(requestType).Properties.FirstOrDefault(p => p.Name == member);
    }

    private static string Expectation(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        Type t when t == typeof(string) || t.IsAssignableTo(typeof(IParsedText)) => "a string",
        Type t when t == typeof(int) => "a whole number from 1 to 2147483647",
        Type t when t == typeof(bool) => "true or false",
        Type t when t == typeof(byte[]) || t == typeof(SecretBytes) => "base64",
        _ => "of the documented type",
    };

    [GeneratedRegex(@"^\$\.([A-Za-z_][A-Za-z0-9_]{0,63})([.\[].*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex MemberPath();

    // Of a member that is known: its reader has refused it.
    [GeneratedRegex(@"^\$\.([a-z_]{1,32}(\[[0-9]{1,9}\])?(\.[a-z_]{1,32})?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex FieldPath();

    [GeneratedRegex(@"^\$\.(items\[[0-9]{1,9}\](\.[a-z_]{1,32})?)", RegexOptions.CultureInvariant)]
    private static partial Regex ItemPath();
}
