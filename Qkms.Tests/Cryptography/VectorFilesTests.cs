using System.Reflection;

namespace Qkms.Tests.Cryptography;

/// <summary>No file of the folder of vectors lies there without a test that reads it.</summary>
public sealed class VectorFilesTests
{
    // Texts, and what is for debugging and benchmarks.
    private static readonly string[] _notTested =
        ["README.md", "wycheproof/LICENSE", "cctv/ML-KEM-768-intermediate.txt", "cctv/ML-DSA-65-benchmark.json"];

    [FactIf(Requirement.Vectors, "README.md")]
    public void Every_file_is_read_by_a_test()
    {
        string[] named = [.. NamesOf(Requirement.Vectors), .. _notTested];
        string[] optional = NamesOf(Requirement.Wycheproof);
        string[] present =
        [
            .. Directory.EnumerateFiles(TestVectors.Folder!, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(TestVectors.Folder!, file)),
        ];

        present.Except(optional)
            .Where(file => !named.Any(name => file == name || file.StartsWith($"{name}/", StringComparison.Ordinal)))
            .Should().BeEmpty();
        named.Where(name => !Path.Exists(Path.Combine(TestVectors.Folder!, name))).Should().BeEmpty();
    }

    private static string[] NamesOf(Requirement requirement) =>
    [
        .. typeof(VectorFilesTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetCustomAttributes().OfType<IRequirement>())
            .Where(required => required.Requirement == requirement)
            .SelectMany(required => required.Names),
    ];
}
