namespace Qkms.Tests.Encryption;

/// <summary>
/// What other software makes of the formats in <c>docs/formats.md</c>; <c>Vectors/README.md</c> says how the file is made.
/// </summary>
internal static class FormatVectors
{
    private static readonly JsonElement _all = Read();

    internal static IEnumerable<JsonElement> Contexts => _all.GetProperty("contexts").EnumerateArray();

    internal static IEnumerable<JsonElement> Hpke => _all.GetProperty("hpke").EnumerateArray();

    internal static IEnumerable<JsonElement> Blobs => _all.GetProperty("blobs").EnumerateArray();

    internal static JsonElement Rsa => _all.GetProperty("rsa");

    internal static IEnumerable<JsonElement> MLDsa => _all.GetProperty("mlDsa").EnumerateArray();

    internal static string Text(this JsonElement element, string member) => element.GetProperty(member).GetString()!;

    /// <summary>The members of a context in the order of the file.</summary>
    internal static Dictionary<string, string?> Members(string name) => Members(Contexts.Single(context => context.Text("name") == name));

    internal static Dictionary<string, string?> Members(JsonElement context) =>
        context.GetProperty("members").EnumerateArray().ToDictionary(member => member[0].GetString()!, member => member[1].GetString());

    internal static EncryptionContext Context(string name)
    {
        EncryptionContext.TryCreate(Members(name), out EncryptionContext? context, out string? problem).Should().BeTrue(problem);
        return context!;
    }

    private static JsonElement Read()
    {
        using JsonDocument document = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(Repository.Root, "Qkms.Tests", "Vectors", "formats.json")));
        return document.RootElement.Clone();
    }
}
