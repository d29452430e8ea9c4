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
        Warnings = warnings ?? [];
    }

    [Description("The kid of the version that was used.")]
    public string Kid { get; }

    [Description("The number of that version.")]
    public int KeyVersion { get; }

    [Description("The algorithm, spelled as in the request or, if the request names none, as when the version was generated.")]
    public string Algorithm { get; }

    [Description("The canonical name of the algorithm.")]
    public string AlgorithmId { get; }

    [Description("The kid in the request, if the last version of its rotation chain was used instead; otherwise null.")]
    public string? RequestedKid { get; }

    [Description("Warnings; usually empty.")]
    public IReadOnlyList<string> Warnings { get; }
}
