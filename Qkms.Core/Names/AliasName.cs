using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Qkms.Core.Names;

/// <summary>
/// A name by which clients of AWS KMS know a key, <c>alias/</c> included; unique in its tenant. The rules are those of AWS ("Create
/// aliases", AWS KMS Developer Guide).
/// </summary>
internal readonly record struct AliasName
{
    /// <summary>What every name begins with.</summary>
    public const string Prefix = "alias/";

    /// <summary>What names begin with that AWS keeps for itself.</summary>
    public const string ReservedPrefix = "alias/aws/";

    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 256;

    private static readonly SearchValues<char> _allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_-");

    private AliasName(string value) => Value = value;

    public string Value { get; }

    /// <summary>Reads a name: <c>alias/</c> and at least one of letters, digits, <c>/</c>, <c>_</c> and <c>-</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AliasName name)
    {
        bool isName = text is { Length: > 6 and <= MaxLength }
            && text.StartsWith(Prefix, StringComparison.Ordinal)
            && !text.AsSpan().ContainsAnyExcept(_allowed);
        name = isName ? new AliasName(text!) : default;
        return isName;
    }

    /// <summary>A name as it comes out of the database; the row's seal holds it.</summary>
    public static AliasName FromStored(string text) => new(text);

    public override string ToString() => Value;
}
