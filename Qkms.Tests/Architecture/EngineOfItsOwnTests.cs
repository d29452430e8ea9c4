namespace Qkms.Tests.Architecture;

/// <summary>The managed engine stands on the base class library alone, as its README says.</summary>
public sealed class EngineOfItsOwnTests
{
    private static readonly string[] _files =
        [
            "KeyFormats.cs", "Erase.cs", "SecretMemory.cs", "SecretPool.cs", "RandomAhead.cs", "VectorBytes.cs", "EngineFaultException.cs",
            "TouchesSecretsAttribute.cs",
        ];

    [Fact]
    public void Its_files_use_nothing_but_the_base_class_library()
    {
        string folder = Path.Combine(Repository.Root, "Qkms.Core", "Cryptography");
        string[] files =
            [
                .. Directory.GetDirectories(folder, "Fips20?").SelectMany(standard => Directory.GetFiles(standard, "*.cs")),
                .. _files.Select(file => Path.Combine(folder, file)),
            ];
        files.Should().HaveCountGreaterThan(40);
        files.SelectMany(file => File.ReadLines(file).Where(line => line.StartsWith("using ", StringComparison.Ordinal)))
            .Where(line => !line.StartsWith("using System", StringComparison.Ordinal)
                && !line.StartsWith("using Qkms.Core.Cryptography.Fips202;", StringComparison.Ordinal))
            .Should().BeEmpty();
    }
}
