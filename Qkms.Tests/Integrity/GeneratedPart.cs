namespace Qkms.Tests.Integrity;

/// <summary>A part of docs/protection.md that a test writes, between two marks that name it.</summary>
internal static class GeneratedPart
{
    private const string Rewrite = "QKMS_WRITE_DOCS";

    /// <summary>The part has to say what was measured; it is written anew when <c>QKMS_WRITE_DOCS</c> is set.</summary>
    /// <param name="name">Its name in the marks.</param>
    /// <param name="measured">What it has to say.</param>
    /// <param name="mayWrite">Whether this run has measured all of it.</param>
    public static async Task ShouldBeAsync(string name, string measured, bool mayWrite = true)
    {
        string begin = $"<!-- {name}, written by a test: begin -->\n";
        string end = $"<!-- {name}, written by a test: end -->\n";
        string path = Path.Combine(Repository.Root, "docs", "protection.md");
        string page = await File.ReadAllTextAsync(path);
        string[] parts = page.Split([begin, end], StringSplitOptions.None);
        parts.Should().HaveCount(3, "the page has both marks of '{0}' once", name);
        string expected = $"{parts[0]}{begin}\n{measured}\n{end}{parts[2]}";
        if (mayWrite && Environment.GetEnvironmentVariable(Rewrite) is not null)
            await File.WriteAllTextAsync(path, expected);

        (await File.ReadAllTextAsync(path)).Should().Be(expected, $"set {Rewrite}=1 once to write it anew");
    }
}
