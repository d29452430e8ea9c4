using System.Runtime.CompilerServices;

namespace Qkms.Tests.Architecture;

/// <summary>
/// The steps of an algorithm cite their own standard: a file that cites the other one was copied, or is in the wrong place.
/// </summary>
public sealed class CitationTests
{
    private static readonly string[] _folders = ["Fips202", "Fips203", "Fips204", "Rfc9106", "Rfc9180"];

    [Theory]
    [InlineData("Fips202")]
    [InlineData("Fips203")]
    [InlineData("Fips204")]
    [InlineData("Rfc9106")]
    [InlineData("Rfc9180")]
    public void Files_cite_their_own_standard_and_no_other(string folder)
    {
        string[] files = Directory.GetFiles(Path.Combine(Cryptography(), folder), "*.cs");
        files.Should().NotBeEmpty();

        string own = Cite(folder);
        string[] others = [.. _folders.Where(other => other != folder).Select(Cite)];
        bool cited = false;
        foreach (string file in files)
        {
            string text = File.ReadAllText(file);
            cited |= text.Contains(own, StringComparison.Ordinal);
            foreach (string other in others)
                text.Should().NotContain(other, "{0} belongs to {1}", Path.GetFileName(file), own);
        }

        cited.Should().BeTrue();
    }

    private static string Cite(string folder) =>
        folder.Replace("Fips", "FIPS ", StringComparison.Ordinal).Replace("Rfc", "RFC ", StringComparison.Ordinal);

    private static string Cryptography([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "Qkms.Core", "Cryptography"));
}
