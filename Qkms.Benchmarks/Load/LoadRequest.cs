using System.Text.Json.Nodes;

namespace Qkms.Benchmarks.Load;

/// <summary>The request that is sent again and again.</summary>
/// <param name="Path">Path and query.</param>
/// <param name="Body">The JSON to post; null for a GET.</param>
internal sealed record LoadRequest(string Path, JsonObject? Body = null);
