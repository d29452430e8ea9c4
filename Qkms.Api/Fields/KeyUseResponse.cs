using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using Qkms.Core.Uses;

namespace Qkms.Api.Fields;

/// <summary>What every answer to the use of a key says of the key.</summary>
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

    [Description("Its number.")]
    public int KeyVersion { get; }

    [Description("The algorithm, spelled as in the request, or as when the version was made.")]
    public string Algorithm { get; }

    [Description("The canonical name of the algorithm.")]
    public string AlgorithmId { get; }

    [Description("The kid that the request named, when the end of its rotation chain was used instead; else null.")]
    public string? RequestedKid { get; }

    [Description("What you should know; usually empty.")]
    public IReadOnlyList<string> Warnings { get; }
}
