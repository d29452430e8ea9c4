using System.Reflection;
using System.Text.RegularExpressions;
using Qkms.Storage;
using Qkms.Storage.Postgres;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Architecture;

/// <summary>Qkms.Api → Qkms.Core ← Qkms.Storage, and nothing else.</summary>
public sealed partial class DependencyTests
{
    private static readonly string[] _coreMayUse = ["System.", "BouncyCastle.Cryptography", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "netstandard"];

    [Fact]
    public void Core_uses_the_platform_BouncyCastle_and_abstractions_only() =>
        References(typeof(KmsErrors).Assembly).Should().OnlyContain(name => _coreMayUse.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

    [Fact]
    public void Storage_knows_no_web()
    {
        References(typeof(StorageServices).Assembly).Should().NotContain(name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        References(typeof(StorageServices).Assembly).Where(name => name.StartsWith("Qkms", StringComparison.Ordinal)).Should().Equal("Qkms.Core");
    }

    [Fact]
    public void Storage_shows_its_registration_and_its_options_only() =>
        typeof(StorageServices).Assembly.GetExportedTypes().Should().BeEquivalentTo([typeof(StorageServices), typeof(SqliteStorageOptions), typeof(PostgresStorageOptions)]);

    [Fact]
    public void Only_Program_of_Api_names_Storage() =>
        Sources("Qkms.Api").Where(file => File.ReadAllText(file).Contains("Qkms.Storage", StringComparison.Ordinal))
            .Select(Path.GetFileName).Should().Equal("Program.cs");

    // Cryptography could be lifted out tomorrow.
    [Fact]
    public void Cryptography_depends_on_nothing_above_it()
    {
        string[] files = [.. Sources("Qkms.Core").Where(file => file.Contains("/Cryptography/", StringComparison.Ordinal))];

        files.Should().NotBeEmpty();
        foreach (string file in files)
            CoreNamespace().Matches(File.ReadAllText(file)).Should().NotContain(m => m.Groups[1].Value != "Cryptography", file);
    }

    [Fact]
    public void No_source_is_longer_than_400_lines() =>
        Sources("").Where(file => File.ReadLines(file).Count() > 400).Select(Path.GetFileName).Should().BeEmpty("small files, one idea each");

    private static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name!);

    private static IEnumerable<string> Sources(string project) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, project), "*.cs", SearchOption.AllDirectories)
            .Select(file => file.Replace('\\', '/'))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    [GeneratedRegex(@"using (?:static )?Qkms\.Core\.(\w+)")]
    private static partial Regex CoreNamespace();
}
