using System.Text.Json;

namespace Qkms.Api.Http;

/// <summary>What a reader of JSON refuses while it reads, in the words that a validator would use afterwards.</summary>
/// <param name="problem">What the member must be or have; it repeats nothing of the body.</param>
/// <param name="path">Where it stands; null for where the reader is.</param>
internal class JsonProblemException(string problem, string? path = null) : JsonException(null, path, null, null)
{
    public string Problem => problem;
}
