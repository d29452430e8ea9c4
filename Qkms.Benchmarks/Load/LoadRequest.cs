using System.Text.Json.Nodes;

namespace Qkms.Benchmarks.Load;

/// <summary>The request that is sent again and again.</summary>
/// <param name="Path">Path and query.</param>
/// <param name="Body">The JSON to post; null for a GET.</param>
internal sealed record LoadRequest(string Path, JsonObject? Body = null)
{
    /// <summary>
    /// Makes the headers of a request that proves its caller by them and not by the API key, whenever they are written: a signature is good
    /// for some minutes. Null for an API key and JSON.
    /// </summary>
    internal Func<string, IReadOnlyDictionary<string, string>>? Sign { get; init; }

    /// <summary>Stands in a body for a number that no other request has.</summary>
    internal const string Number = "#number#";

    /// <summary>Stands in a body for one of <see cref="Slots"/> numbers, in turn.</summary>
    internal const string Slot = "#slot#";

    internal const int Slots = 64;

    /// <summary>API keys that take turns; none for that of the server's first tenant.</summary>
    internal IReadOnlyList<string> ApiKeys { get; init; } = [];
}
