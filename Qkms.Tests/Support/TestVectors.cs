namespace Qkms.Tests.Support;

/// <summary>The folder of published test vectors: <c>QKMS_VECTORS</c>, or <c>../shared/vectors</c> beside the repository.</summary>
internal static class TestVectors
{
    internal const string Variable = "QKMS_VECTORS";

    internal static string? Folder { get; } = Find();

    /// <summary>The reason for which a test over these files and folders is skipped, or null where they are all there.</summary>
    internal static string? MissingReason(IEnumerable<string> files)
    {
        string? missing = files.FirstOrDefault(file => Folder is null || !Path.Exists(Path.Combine(Folder, file)));
        return missing is null ? null : $"No test vectors '{missing}': set {Variable} to their folder.";
    }

    /// <summary>The same in words that the gate takes for a good reason: no package that a clean machine can have has them.</summary>
    internal static string? MissingWycheproofReason(IEnumerable<string> files)
    {
        string? missing = files.FirstOrDefault(file => Folder is null || !Path.Exists(Path.Combine(Folder, file)));
        return missing is null ? null : $"No Wycheproof vectors '{missing}': set {Variable} to a folder that has them.";
    }

    internal static JsonElement ReadJson(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder!, file)));
        return document.RootElement.Clone();
    }

    internal static byte[] Hex(this JsonElement element, string member) =>
        Convert.FromHexString(element.GetProperty(member).GetString()!);

    private static string? Find()
    {
        string? chosen = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(chosen))
            return chosen;

        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Qkms.sln")))
            folder = folder.Parent;
        string? beside = folder?.Parent is { } parent ? Path.Combine(parent.FullName, "shared", "vectors") : null;
        return Directory.Exists(beside) ? beside : null;
    }
}
