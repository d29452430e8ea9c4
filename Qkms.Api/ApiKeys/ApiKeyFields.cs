using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FluentValidation;
using Microsoft.OpenApi;
using Qkms.Core.Administration;
using Qkms.Core.ApiKeys;
using Qkms.Core.Secrets;

namespace Qkms.Api.ApiKeys;

/// <summary>The id of an API key, in a path or a body.</summary>
internal sealed class ApiKeyIdFieldAttribute : FieldAttribute
{
    /// <summary>The example: what an earlier answer has.</summary>
    public const string Pasted = "paste-from-CreateApiKey";

    public ApiKeyIdFieldAttribute() => (Pattern, MaxLength) = ("^[A-Za-z0-9-]+$", 36);

    /// <summary>The id. A malformed one is treated like one that does not exist.</summary>
    public static CredentialId Read(string text) =>
        Guid.TryParseExact(text, "D", out Guid id) ? new CredentialId(id) : throw ApiKeyReader.NotFound();
}

/// <summary>A label of an API key.</summary>
internal sealed class ApiKeyLabelFieldAttribute : FieldAttribute
{
    /// <summary>No control characters, line ends, or marks that turn the direction of the text that follows.</summary>
    public const string LabelPattern = "^[^\\u0000-\\u001F\\u007F-\\u009F\\u2028-\\u202E\\u2066-\\u2069]+$";

    public ApiKeyLabelFieldAttribute() =>
        (Pattern, MinLength, MaxLength, Example) = (LabelPattern, 1, ApiKeyAdministration.MaxLabelLength, "orders service, production");
}

/// <summary>The roles of an API key.</summary>
internal sealed class RolesFieldAttribute : FieldAttribute
{
    private static readonly (Roles Role, string Word)[] _words =
        [(Roles.Operator, "operator"), (Roles.Admin, "admin"), (Roles.User, "user"), (Roles.Auditor, "auditor")];

    public RolesFieldAttribute() => (Words, Example, MaxItems) = ([.. _words.Select(one => one.Word)], "user", _words.Length);

    /// <summary>The roles that words name; null when one of them is not a role, or stands twice.</summary>
    public static Roles? Parse(IReadOnlyList<string?> words)
    {
        Roles roles = Roles.None;
        foreach (string? word in words)
        {
            Roles role = Array.Find(_words, one => one.Word == word).Role;
            if (role == Roles.None || roles.HasFlag(role))
                return null;

            roles |= role;
        }

        return roles;
    }

    /// <summary>The words of roles.</summary>
    public static IReadOnlyList<string> WordsOf(Roles roles) => [.. _words.Where(one => roles.HasFlag(one.Role)).Select(one => one.Word)];
}

/// <summary>The permissions that an API key is narrowed to.</summary>
internal sealed class PermissionsFieldAttribute : FieldAttribute
{
    public PermissionsFieldAttribute() =>
        (Words, Example, MinItems, MaxItems) =
            ([.. Permissions.All.Select(row => row.Word)], "crypto:encrypt", 1, Permissions.All.Count);
}

/// <summary>The key names that an API key is narrowed to.</summary>
internal sealed class KeyNamesFieldAttribute : FieldAttribute
{
    /// <summary>The most names and folders of one API key.</summary>
    public const int MostNames = 100;

    public KeyNamesFieldAttribute()
    {
        Pattern = KeyName.Pattern.Replace("$", "(/\\*)?$", StringComparison.Ordinal);
        (MaxLength, MinItems, MaxItems, Example) = (KeyName.MaxLength + 2, 1, MostNames, "payments/*");
    }
}

/// <summary>What an API key is.</summary>
internal sealed class ApiKeyStatusFieldAttribute : FieldAttribute
{
    public ApiKeyStatusFieldAttribute() => (Words, Example) = ([.. Enum.GetValues<ApiKeyStatus>().Select(WordOf)], "active");

    public static string WordOf(ApiKeyStatus status) => status switch
    {
        ApiKeyStatus.Active => "active",
        ApiKeyStatus.Disabled => "disabled",
        ApiKeyStatus.Expired => "expired",
        ApiKeyStatus.Revoked => "revoked",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };
}

/// <summary>The visible part of an API key.</summary>
internal sealed class LookupIdFieldAttribute : FieldAttribute
{
    public LookupIdFieldAttribute()
    {
        (MinLength, MaxLength) = (ApiKeyFormat.IdLength, AccessKeyFormat.IdLength);
        (Pattern, Example) = ("^[A-Za-z0-9]+$", "k7Q2vB9xTm4R");
    }
}

/// <summary>The kind of a credential.</summary>
internal sealed class CredentialKindFieldAttribute : FieldAttribute
{
    public static readonly IReadOnlyList<string> Kinds = [Credential.ApiKeyKind, Credential.AccessKeyKind];

    public CredentialKindFieldAttribute() => (Words, Example) = ([.. Kinds], Credential.ApiKeyKind);
}

/// <summary>The secret of an access key.</summary>
internal sealed class SecretAccessKeyFieldAttribute : FieldAttribute
{
    public SecretAccessKeyFieldAttribute()
    {
        (MinLength, MaxLength) = (AccessKeyFormat.SecretLength, AccessKeyFormat.SecretLength);
        (Pattern, Example) = ("^[A-Za-z0-9]+$", "7hZ0dQWc3nRkLx8VtB2mYpE5sJfG1aUoIqHyXvN6");
    }
}

/// <summary>The secret of an access key in an answer.</summary>
/// <param name="Bytes">Its text, ASCII.</param>
[SecretAccessKeyField]
[JsonConverter(typeof(ShownOnceConverter<SecretAccessKeyText>))]
internal sealed record SecretAccessKeyText(SecretBytes Bytes) : IShownOnce;

/// <summary>The text of an API key, which is secret.</summary>
internal sealed class ApiKeyTextFieldAttribute : FieldAttribute
{
    public ApiKeyTextFieldAttribute()
    {
        (Pattern, MaxLength) = ("^[A-Za-z0-9_]+$", ApiKeyFormat.MaxLength);
        Example = "qkms_k7Q2vB9xTm4R_7hZ0dQWc3nRkLx8VtB2mYpE5sJfG1aUoIqHyXvN6zC4MwTrKeD9SgAb";
    }
}

/// <summary>An API key in an answer.</summary>
/// <param name="Bytes">Its text, ASCII.</param>
[ApiKeyTextField]
[JsonConverter(typeof(ShownOnceConverter<ApiKeyText>))]
internal sealed record ApiKeyText(SecretBytes Bytes) : IShownOnce;

/// <summary>A secret text in the one answer that shows it.</summary>
internal interface IShownOnce
{
    /// <summary>The text, ASCII.</summary>
    SecretBytes Bytes { get; }
}

/// <summary>Writes such texts without a string in between.</summary>
internal sealed class ShownOnceConverter<T> : JsonConverter<T>
    where T : IShownOnce
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Secrets of credentials are only written.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Bytes.Span);
}

/// <summary>A list of words in a merge patch; null removes it.</summary>
/// <param name="IsGiven">Whether the request has it.</param>
/// <param name="Words">The words; null takes the limit away.</param>
[Field(Type = JsonSchemaType.Array | JsonSchemaType.Null)]
[JsonConverter(typeof(WordsMemberConverter))]
internal readonly record struct WordsMember(bool IsGiven, IReadOnlyList<string?>? Words)
{
    /// <summary>The same after the check.</summary>
    public GivenWords Given => new(IsGiven, Words is null ? null : [.. Words.OfType<string>()]);
}

/// <summary>Reads such members.</summary>
internal sealed class WordsMemberConverter : JsonConverter<WordsMember>
{
    private const string Rule = "must be null or a list of strings";

    public override bool HandleNull => true;

    public override WordsMember Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return new WordsMember(true, null);

        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonProblemException(Rule);

        List<string?> words = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String)
                throw new JsonProblemException(Rule);

            words.Add(reader.GetString());
        }

        return new WordsMember(true, words);
    }

    public override void Write(Utf8JsonWriter writer, WordsMember value, JsonSerializerOptions options)
    {
        if (value.Words is null)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartArray();
        foreach (string? word in value.Words)
            writer.WriteStringValue(word);

        writer.WriteEndArray();
    }
}

/// <summary>The rules for fields of API key requests.</summary>
internal static class ApiKeyRules
{
    private const string RolesRule = "must be one or more of operator, admin, user, auditor, each once";
    private const string PermissionsRule = "must be null or permissions that the API knows, at least one and each once";

    private static readonly string _labelRule =
        $"must have 1 to {ApiKeyAdministration.MaxLabelLength} characters, and no control characters, line ends or marks of text direction";

    private static readonly string _keyNamesRule =
        $"must be null or 1 to {KeyNamesFieldAttribute.MostNames} key names, exact or as 'folder/*', each once";

    public static IRuleBuilderOptions<T, string?> IsApiKeyLabel<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(label => label is not null).WithMessage($"is required: {_labelRule["must have ".Length..]}")
        .Must(label => label is null || IsLabel(label)).WithMessage(_labelRule);

    public static IRuleBuilderOptions<T, IReadOnlyList<string?>?> IsRoles<T>(this IRuleBuilder<T, IReadOnlyList<string?>?> rule) => rule
        .Must(roles => roles is not null).WithMessage("is required: one or more of operator, admin, user, auditor")
        .Must(roles => roles is null || (roles.Count > 0 && RolesFieldAttribute.Parse(roles) is not null)).WithMessage(RolesRule);

    public static IRuleBuilderOptions<T, IReadOnlyList<string?>?> IsPermissions<T>(this IRuleBuilder<T, IReadOnlyList<string?>?> rule) =>
        rule.Must(words => words is null || IsList(words, Permissions.All.Count, word => Permissions.Parse(word) is not null))
            .WithMessage(PermissionsRule);

    public static IRuleBuilderOptions<T, IReadOnlyList<string?>?> IsKeyNames<T>(this IRuleBuilder<T, IReadOnlyList<string?>?> rule) =>
        rule.Must(names => names is null || IsList(names, KeyNamesFieldAttribute.MostNames, KeyScope.IsPattern))
            .WithMessage(_keyNamesRule);

    private static bool IsList(IReadOnlyList<string?> words, int most, Func<string, bool> isWord) =>
        words.Count > 0
        && words.Count <= most
        && words.All(word => word is not null && isWord(word))
        && words.Distinct(StringComparer.Ordinal).Count() == words.Count;

    /// <summary>Whether a text is a label.</summary>
    public static bool IsLabel(string label) =>
        label.Length > 0
        && label.EnumerateRunes().Count() <= ApiKeyAdministration.MaxLabelLength
        && !label.EnumerateRunes().Any(IsRefused);

    // As LabelPattern has them. What was no Unicode is read as U+FFFD.
    private static bool IsRefused(Rune rune) =>
        Rune.IsControl(rune) || rune.Value is (>= 0x2028 and <= 0x202E) or (>= 0x2066 and <= 0x2069);
}
