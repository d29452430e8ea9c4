using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using Qkms.Core.Uses;

namespace Qkms.Api.Fields;

/// <summary>The members about the key in the response of every use.</summary>
internal abstract record KeyUseResponse
{
    [SetsRequiredMembers]
    protected KeyUseResponse(ChosenKey used, string? spelling, IReadOnlyList<string>? warnings = null)
    {
        Kid = used.Version.Kid.Value;
        KeyVersion = used.Version.Version;
        Algorithm = spelling ?? used.Version.Spelling;
        AlgorithmId = used.Version.Algorithm.Name;
        RequestedKid = used.RequestedKid?.Value;
        Warnings = [.. warnings ?? [], .. used.LimitWarnings];
    }

    [Description("The kid of the version that was used.")]
    [KidField]
    public string Kid { get; }

    [Description("The number of that version.")]
    [KeyVersionField]
    public int KeyVersion { get; }

    [Description("The algorithm, spelled as in the request or, if the request names none, as when the version was generated.")]
    [AlgorithmField]
    public string Algorithm { get; }

    [Description("The canonical name of the algorithm.")]
    [AlgorithmIdField]
    public string AlgorithmId { get; }

    [Description("The kid in the request, if the last version of its rotation chain was used instead; otherwise null.")]
    [KidField(Example = KidFieldAttribute.Previous)]
    public string? RequestedKid { get; }

    [Description("Warnings; usually empty.")]
    [WarningsField]
    public IReadOnlyList<string> Warnings { get; }
}

/// <summary>The warnings of a response.</summary>
internal sealed class WarningsFieldAttribute : FieldAttribute
{
    public const int Most = 10;

    public WarningsFieldAttribute()
    {
        (MaxItems, MaxLength) = (Most, MessageFieldAttribute.Longest);
        Example = "SHA-256 is weaker than ML-DSA-65 (FIPS 204, section 5.4): use a longer hash, or sign the message itself.";
    }
}
