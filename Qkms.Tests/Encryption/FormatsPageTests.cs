using System.Text.RegularExpressions;
using ParameterSets = Qkms.Tests.Cryptography.Algorithms;

namespace Qkms.Tests.Encryption;

/// <summary><c>docs/formats.md</c> says what the vectors say.</summary>
public sealed partial class FormatsPageTests
{
    private static readonly string _page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "formats.md"));

    [Fact]
    public void Every_worked_number_is_one_of_the_vectors()
    {
        string vectors = File.ReadAllText(Path.Combine(Repository.Root, "Qkms.Tests", "Vectors", "formats.json"));
        string[] prefixes = [.. Prefixes().Select(prefix => prefix.Value)];
        string[] numbers = [.. Number().Matches(_page).Select(match => match.Value)];

        numbers.Should().HaveCountGreaterThan(30);
        numbers.Where(number => !vectors.Contains(number, StringComparison.Ordinal)).Should().BeEquivalentTo(prefixes);
    }

    [Fact]
    public void The_prefixes_of_SubjectPublicKeyInfo_are_those_of_the_engine()
    {
        foreach ((string algorithm, string prefix) in Prefixes())
            _page.Should().MatchRegex($@"\| {algorithm} \| [0-9.]+ \| `{prefix}` \|");
    }

    [FactIf(Requirement.NodePrograms)]
    public async Task The_cases_of_the_page_open_as_it_says()
    {
        string[] blocks = [.. JsonBlock().Matches(_page).Select(match => match.Groups["json"].Value)];

        string opened = await NodeProgram.RunAsync("open.mjs", blocks[0]);

        JsonSerializer.Deserialize<string[]>(opened).Should().Equal(JsonSerializer.Deserialize<string[]>(blocks[1]));
    }

    private static IEnumerable<KeyValuePair<string, string>> Prefixes()
    {
        ManagedEngine engine = new();
        foreach (string name in new[] { "ML-KEM-512", "ML-KEM-768", "ML-KEM-1024" })
        {
            using MLKem key = engine.GenerateMLKem(ParameterSets.MLKem(name));
            yield return new(name, Prefix(key.ExportSubjectPublicKeyInfo(), key.ExportEncapsulationKey()));
        }

        foreach (string name in new[] { "ML-DSA-44", "ML-DSA-65", "ML-DSA-87" })
        {
            using MLDsa key = engine.GenerateMLDsa(ParameterSets.MLDsa(name));
            yield return new(name, Prefix(key.ExportSubjectPublicKeyInfo(), key.ExportMLDsaPublicKey()));
        }
    }

    private static string Prefix(byte[] subjectPublicKeyInfo, byte[] publicKey)
    {
        subjectPublicKeyInfo.Should().EndWith(publicKey);
        return Convert.ToHexStringLower(subjectPublicKeyInfo.AsSpan(..^publicKey.Length));
    }

    /// <summary>Ten bytes and more: what is shorter says nothing.</summary>
    [GeneratedRegex("(?<![0-9a-f-])(?:[0-9a-f]{2}){10,}(?![0-9a-f-])")]
    private static partial Regex Number();

    [GeneratedRegex(@"```json\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();
}
