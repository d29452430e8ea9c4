using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Qkms.Core.Uses;

namespace Qkms.Api.Fields;

/// <summary>
/// The members about the key in the response of a use whose items may each mean another key: absent where the request had items, which
/// name their keys themselves.
/// </summary>
internal abstract record KeyOrItemsResponse
{
    [SetsRequiredMembers]
    protected KeyOrItemsResponse(ChosenKey? used, string? spelling, IReadOnlyList<string>? warnings = null)
    {
        Kid = used?.Version.Kid.Value;
        KeyVersion = used?.Version.Version;
        Algorithm = used is { } known ? spelling ?? known.Version.Spelling : null;
        AlgorithmId = used?.Version.Algorithm.Name;
        RequestedKid = used?.RequestedKid?.Value;
        Warnings = [.. warnings ?? [], .. used?.LimitWarnings ?? []];
    }

    /// <summary>The warnings about the keys of items: each once, and the first of them where there are too many to be read.</summary>
    protected static IReadOnlyList<string> WarningsOf(IEnumerable<ChosenKey?> keys) =>
        [.. keys.SelectMany(key => key?.LimitWarnings ?? []).Distinct().Take(WarningsFieldAttribute.Most)];

    [Description("The kid of the version that was used. Absent if the request had items: each result has its own.")]
    [KidField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Kid { get; }

    [Description("The number of that version.")]
    [KeyVersionField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? KeyVersion { get; }

    [Description("The algorithm, spelled as in the request or, if the request names none, as when the version was generated.")]
    [AlgorithmField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Algorithm { get; }

    [Description("The canonical name of the algorithm.")]
    [AlgorithmIdField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AlgorithmId { get; }

    [Description("The kid in the request, if the last version of its rotation chain was used instead; otherwise null.")]
    [KidField(Example = KidFieldAttribute.Previous)]
    public string? RequestedKid { get; }

    [Description("Warnings; usually empty.")]
    [WarningsField]
    public IReadOnlyList<string> Warnings { get; }
}
