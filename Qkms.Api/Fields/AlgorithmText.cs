using System.Text.Json.Serialization;
using Qkms.Core.Algorithms;

namespace Qkms.Api.Fields;

/// <summary>An algorithm by any of its spellings.</summary>
internal sealed class AlgorithmFieldAttribute : FieldAttribute
{
    public AlgorithmFieldAttribute() => (Words, Example) = ([.. KeyAlgorithm.AcceptedSpellings], "ML-KEM-768");
}

/// <summary>An algorithm whose keys do an operation, by any of its spellings.</summary>
internal sealed class AlgorithmForFieldAttribute : FieldAttribute
{
    /// <param name="operation">The operation.</param>
    /// <param name="ofHash">Whether it is done with a hash that the caller made, which not every family takes.</param>
    /// <param name="ofMu">Whether it is done with an external mu.</param>
    public AlgorithmForFieldAttribute(KeyOperation operation, bool ofHash = false, bool ofMu = false)
    {
        KeyAlgorithm[] fit =
        [
            .. KeyAlgorithm.All.Where(
                algorithm => algorithm.Family.Operations.Contains(operation)
                    && (!ofHash || algorithm.Family.SignsHashes)
                    && (!ofMu || algorithm.Family.SignsMu)),
        ];
        Words = [.. fit.SelectMany(algorithm => algorithm.Spellings)];
        Example = fit.First(algorithm => algorithm.Standing == AlgorithmStanding.Recommended).Name;
    }
}

/// <summary>An algorithm by its canonical name.</summary>
internal sealed class AlgorithmIdFieldAttribute : FieldAttribute
{
    public AlgorithmIdFieldAttribute() => (Words, Example) = ([.. KeyAlgorithm.All.Select(algorithm => algorithm.Name)], "ML-KEM-768");
}

/// <summary>An algorithm in a request.</summary>
/// <param name="Text">The spelling that the request uses, in the case of the catalogue; the answer repeats that.</param>
/// <param name="Value">The algorithm; null when the text is not one.</param>
[AlgorithmField]
[JsonConverter(typeof(ParsedTextConverter<AlgorithmText>))]
internal readonly record struct AlgorithmText(string Text, KeyAlgorithm? Value) : IParsedText<AlgorithmText>
{
    public static bool TryParse(string? text, out AlgorithmText parsed)
    {
        parsed = KeyAlgorithm.TryParse(text, out KeyAlgorithm? algorithm, out string? spelling)
            ? new AlgorithmText(spelling, algorithm)
            : new AlgorithmText(text ?? "", null);
        return true;
    }
}
