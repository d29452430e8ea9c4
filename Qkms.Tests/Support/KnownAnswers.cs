namespace Qkms.Tests.Support;

/// <summary>What an independent implementation answers; <c>Vectors/README.md</c> says how the files are made.</summary>
internal static class KnownAnswers
{
    /// <summary>Single cases.</summary>
    internal static JsonElement Read() => Read("known-answers.json");

    /// <summary>Digests over many runs.</summary>
    internal static JsonElement ReadAccumulated() => Read("accumulated-ml-kem.json");

    private static JsonElement Read(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "Qkms.Tests", "Vectors", name)));
        return document.RootElement.Clone();
    }
}
