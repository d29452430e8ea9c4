using System.Text.RegularExpressions;

namespace Qkms.Core.AwsKms;

/// <summary>Which key of another KMS: its id, its ARN, or an alias with its prefix or ARN, as AWS takes them for <c>KeyId</c>.</summary>
internal sealed partial record AwsKmsKeyName
{
    private AwsKmsKeyName(string text) => Text = text;

    /// <summary>The name. Two name the same key when their texts are equal; others may name the same key too.</summary>
    public string Text { get; }

    /// <summary>Reads one.</summary>
    /// <param name="text">The name.</param>
    /// <exception cref="AwsKmsException">It is none.</exception>
    public static AwsKmsKeyName Parse(string text) => TryParse(text)
        ?? throw new AwsKmsException(
            "The name of the key is not one that AWS KMS takes: give a key id, the ARN of a key, or alias/… (letters, digits and -_/:, at "
            + "most 512 characters).");

    /// <summary>The same, and null where it is none.</summary>
    public static AwsKmsKeyName? TryParse(string text) => Form().IsMatch(text) ? new AwsKmsKeyName(text) : null;

    /// <summary>The name as it is written.</summary>
    public override string ToString() => Text;

    // Nothing that JSON escapes, and no blank and no dollar, which parts the parameters of a wrapping.
    [GeneratedRegex(@"^[A-Za-z0-9_/:-]{1,512}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
