using System.Globalization;
using System.Text;
using Qkms.Core.Tags;

namespace Qkms.Api.Aws;

/// <summary>A tag of a key.</summary>
internal sealed record AwsTag(string? TagKey, string? TagValue);

/// <summary>The rules for tags ("Tag", AWS KMS API Reference, and "Tagging AWS resources").</summary>
internal static class AwsTags
{
    private const string ReservedPrefix = "aws:";
    private const string Signs = "_.:/=+-@";
    private const int MaxKey = 128;
    private const int MaxValue = 256;

    /// <summary>Tags to be set. A value that is absent is empty.</summary>
    /// <exception cref="KmsException">A ValidationException for what has the wrong length or is missing, else a TagException.</exception>
    public static IReadOnlyDictionary<string, string> Parse(IReadOnlyList<AwsTag?>? tags)
    {
        RequireCount(tags, "Tags");
        Dictionary<string, string> parsed = new(StringComparer.Ordinal);
        for (int i = 0; i < tags!.Count; i++)
        {
            string key = ParseKey(tags[i]?.TagKey, $"Tags[{i}].TagKey");
            string value = tags[i]?.TagValue ?? "";
            if (value.Length > MaxValue)
                throw KmsErrors.Invalid.With($"'Tags[{i}].TagValue' must have at most {MaxValue} characters.");

            RequireCharacters(value, $"Tags[{i}].TagValue");
            if (!parsed.TryAdd(key, value))
                throw AwsErrors.InvalidTag.With($"Duplicate tag keys: 'Tags[{i}].TagKey' is there before.");
        }

        return parsed;
    }

    /// <summary>The keys of tags to be removed. One that is there twice is there once.</summary>
    /// <exception cref="KmsException">As above.</exception>
    public static IReadOnlyCollection<string> ParseKeys(IReadOnlyList<string?>? tagKeys)
    {
        RequireCount(tagKeys, "TagKeys");
        return [.. tagKeys!.Select((key, i) => ParseKey(key, $"TagKeys[{i}]")).Distinct(StringComparer.Ordinal)];
    }

    private static void RequireCount<T>(IReadOnlyList<T>? list, string member)
    {
        if (list is null)
            throw KmsErrors.Invalid.With($"'{member}' is required.");

        if (list.Count > KeyTags.Most)
            throw AwsErrors.InvalidTag.With($"Too many tags: '{member}' has at most {KeyTags.Most}.");
    }

    private static string ParseKey(string? key, string member)
    {
        if (string.IsNullOrEmpty(key))
            throw KmsErrors.Invalid.With($"'{member}' must have at least one character.");

        if (key.Length > MaxKey)
            throw KmsErrors.Invalid.With($"'{member}' must have at most {MaxKey} characters.");

        if (key.StartsWith(ReservedPrefix, StringComparison.OrdinalIgnoreCase))
            throw AwsErrors.InvalidTag.With($"'{member}' must not begin with \"{ReservedPrefix}\", which is reserved.");

        RequireCharacters(key, member);
        return key;
    }

    // Rune by rune: letters beyond the first 65,536 characters are letters too.
    private static void RequireCharacters(string text, string member)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isSign = Signs.Contains(rune.ToString(), StringComparison.Ordinal);
            if (!isSign && !Rune.IsLetter(rune) && !Rune.IsNumber(rune) && !IsSpace(rune))
                throw AwsErrors.InvalidTag.With($"'{member}' may have letters, digits, spaces and {Signs} only.");
        }
    }

    private static bool IsSpace(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
