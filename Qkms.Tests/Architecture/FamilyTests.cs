using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Qkms.Tests.Architecture;

/// <summary>
/// A family of algorithms is one object: outside <c>Algorithms</c> nothing asks which family a key is of. It asks the family, or
/// what a key in memory can do.
/// </summary>
public sealed partial class FamilyTests
{
    private static readonly string _home = typeof(KeyFamily).Namespace!;

    private static readonly System.Type[] _families =
        [
            .. typeof(KeyFamily).Assembly
                .GetTypes()
                .Where(type => type.IsSubclassOf(typeof(KeyFamily)) || type.IsSubclassOf(typeof(LoadedKey)))
        ];

    [Fact]
    public void Nothing_outside_Algorithms_knows_a_family_or_its_key_by_its_type()
    {
        HashSet<string> concrete = [.. _families.Select(type => type.FullName!)];

        concrete.Should().HaveCountGreaterThanOrEqualTo(8);
        CompiledCode.Types
            .Where(type => !type.FullName.StartsWith($"{_home}.", StringComparison.Ordinal))
            .SelectMany(type => type.Dependencies)
            .Where(dependency => concrete.Contains(dependency.Target.FullName))
            .Select(dependency => $"{dependency.Origin.FullName} -> {dependency.Target.FullName}")
            .Distinct().Should().BeEmpty();
    }

    // Neither a comparison of families nor one of an algorithm's name with a word is seen in the types.
    [Fact]
    public void Nothing_outside_Algorithms_compares_families_or_names_of_algorithms()
    {
        string[] questions =
        [
            .. Directory.EnumerateDirectories(Root(), "Qkms.*").Where(IsProduct)
                .SelectMany(project => Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories))
                .Where(file => !IsAlgorithms(file) && !file.Contains("/obj/", StringComparison.Ordinal))
                .SelectMany(file => File.ReadLines(file)
                    .Where(line => Question().IsMatch(line))
                    .Select(line => $"{Path.GetFileName(file)}: {line.Trim()}")),
        ];

        questions.Should().BeEmpty();
    }

    [Theory]
    [InlineData("if (version.Algorithm.Family == other.Family)", true)]
    [InlineData("return algorithm.Family switch", true)]
    [InlineData("switch (version.Algorithm.Family)", true)]
    [InlineData("if (algorithm.Family is RsaFamily)", true)]
    [InlineData("algorithm.Name switch", true)]
    [InlineData("algorithm.Name == \"RSA-2048\"", true)]
    [InlineData("algorithm.Name.StartsWith(\"RSA\", StringComparison.Ordinal)", true)]
    [InlineData("if (version.Algorithm == KeyAlgorithm.Aes256)", true)]
    [InlineData("algorithm.Family.WaitsForTurn(operation)", false)]
    [InlineData("algorithm == choice.Algorithm", false)]
    [InlineData("algorithm.Name == column", false)]
    public void Questions_are_recognised(string line, bool asks) => Question().IsMatch(line).Should().Be(asks);

    [GeneratedRegex(
        """
        \.Family\)?\s*(==|!=|is\b|switch\b) | switch\s*\([^)]*\.Family\) | lgorithm\.Name\s*((==|!=|\bis)\s*"|switch\b|\.(StartsWith|Contains|EndsWith|Equals)\()
        | (==|!=|\bis)\s*KeyAlgorithm\.
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Question();

    private static bool IsProduct(string folder) => Path.GetFileName(folder) is "Qkms.Core" or "Qkms.Api" or "Qkms.Storage";

    private static bool IsAlgorithms(string file) => file.Contains("/Qkms.Core/Algorithms/", StringComparison.Ordinal);

    private static string Root([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
}
