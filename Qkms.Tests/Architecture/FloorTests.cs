using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using Qkms.Storage;
using Assembly = System.Reflection.Assembly;

namespace Qkms.Tests.Architecture;

/// <summary>
/// Qkms.Api → Qkms.Core ← Qkms.Storage, and the floors of each. Read from the compiled assemblies, method bodies included, so that a
/// new file needs no line here, and from the sources, because the compiler copies constants and forgets whose they were.
/// </summary>
public sealed partial class FloorTests
{
    private static readonly string[] _coreMayUse =
    [
        "System.", "netstandard", "BouncyCastle.Cryptography", "Pkcs11Interop",
        "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions",
    ];

    private static readonly Assembly _core = typeof(KmsError).Assembly;
    private static readonly Assembly _storage = typeof(StorageServices).Assembly;

    private static readonly Dictionary<string, Lazy<House>> _houses = new()
    {
        [Floors.Core.Project] = new(() => new House(Floors.Core)),
        [Floors.Storage.Project] = new(() => new House(Floors.Storage)),
        [Floors.Api.Project] = new(() => new House(Floors.Api)),
    };

    public static TheoryData<string> Projects => [.. _houses.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_type_uses_a_floor_above_its_own(string project)
    {
        House house = _houses[project].Value;

        house.Arrows.Should().NotBeEmpty();
        string.Join('\n', house.Floors.Upward(house.Arrows)).Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_folder_is_a_floor(string project)
    {
        House house = _houses[project].Value;

        string[] folders = [.. house.Types.Select(Floors.FolderOf).OfType<string>().Distinct()];

        folders.Except(house.Floors.Folders).Should().BeEmpty("a new folder of {0} gets its place in {1}", project, nameof(Floors));
        house.Floors.Folders.Except(folders).Should().BeEmpty("a folder that is gone leaves {0}", nameof(Floors));
    }

    /// <summary>The engine could be lifted out tomorrow: it uses nothing of Qkms but itself.</summary>
    [Fact]
    public void Cryptography_depends_on_nothing_else_in_Core()
    {
        Arrow[] arrows = [.. _houses[Floors.Core.Project].Value.Arrows.Where(arrow => Floors.FolderOf(arrow.From) == "Cryptography")];

        arrows.Should().NotBeEmpty();
        arrows.Where(arrow => Floors.FolderOf(arrow.To) != "Cryptography").Should().BeEmpty();
    }

    [Fact]
    public void Core_uses_the_platform_BouncyCastle_Pkcs11Interop_and_abstractions_only() =>
        References(_core).Should().OnlyContain(name => _coreMayUse.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

    [Fact]
    public void Storage_knows_no_web()
    {
        References(_storage).Should().NotContain(name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        References(_storage).Where(name => name.StartsWith("Qkms", StringComparison.Ordinal)).Should().Equal("Qkms.Core");
    }

    [Fact]
    public void Core_shows_Cryptography_only_and_Storage_nothing()
    {
        _core.GetExportedTypes()
            .Should().NotBeEmpty()
            .And.OnlyContain(type => type.Namespace!.StartsWith("Qkms.Core.Cryptography", StringComparison.Ordinal));
        _storage.GetExportedTypes().Should().BeEmpty();
    }

    [Fact]
    public void Only_Program_of_Api_names_Storage() =>
        SourceFiles.Of("Qkms.Api").Where(file => File.ReadAllText(file).Contains("Qkms.Storage", StringComparison.Ordinal))
            .Select(Path.GetFileName).Should().Equal("Program.cs");

    [Fact]
    public void Upward_arrows_are_found()
    {
        Floors house = new("House", "Cellar", "Ground", "Attic");

        house.Upward([new("Attic.Box", "Cellar.Wine"), new("Ground.Chair", "Ground.Table"), new("Door", "Attic.Box")]).Should().BeEmpty();
        house.Upward([new("Cellar.Wine", "Attic.Box"), new("Ground.Chair", "Door"), new("Cellar.Wine", "Attic.Box")])
            .Should().Equal("Cellar.Wine -> Attic.Box", "Ground.Chair -> Door");
    }

    [Fact]
    public void A_circle_has_an_upward_arrow()
    {
        Arrow[] circle = [new("Cellar.Wine", "Ground.Table"), new("Ground.Table", "Attic.Box"), new("Attic.Box", "Cellar.Wine")];
        string[][] orders =
        [
            ["Cellar", "Ground", "Attic"], ["Cellar", "Attic", "Ground"], ["Ground", "Cellar", "Attic"],
            ["Ground", "Attic", "Cellar"], ["Attic", "Cellar", "Ground"], ["Attic", "Ground", "Cellar"],
        ];

        orders.Should().AllSatisfy(order => new Floors("House", order).Upward(circle).Should().NotBeEmpty());
    }

    [Fact]
    public void Method_bodies_and_sources_are_read()
    {
        Arrow[] arrows = _houses[Floors.Api.Project].Value.Arrows;

        arrows.Should().Contain(
            [new("Hosting.Ending", "Telemetry.TelemetryStop"), new("Encryption.DataKeys.DecryptDataKey", "Fields.*")]);
    }

    private static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name!);

    [GeneratedRegex(@"^using (?:static )?(?:\w+ = )?(?<project>Qkms\.\w+)(?:\.(?<folder>\w+))?", RegexOptions.Multiline)]
    private static partial Regex UsingOf();

    /// <summary>A project as it stands: its types, and which uses which.</summary>
    private sealed class House
    {
        public House(Floors floors)
        {
            Floors = floors;
            IType[] types = [.. CompiledCode.Types.Where(IsOurs)];
            Types = [.. types.Select(NameOf).Distinct()];
            Arrows = [.. Compiled(types), .. Written()];
        }

        public Floors Floors { get; }

        public string[] Types { get; }

        public Arrow[] Arrows { get; }

        private IEnumerable<Arrow> Compiled(IType[] types) => types.SelectMany(type => type.Dependencies)
            .Where(dependency => IsOurs(dependency.Target))
            .Select(dependency => new Arrow(NameOf(dependency.Origin), NameOf(dependency.Target)));

        // A source stands for its types, and a namespace for all that is in it.
        private IEnumerable<Arrow> Written() =>
            from file in SourceFiles.Of(Floors.Project)
            let path = Path.GetRelativePath(Path.Combine(Repository.Root, Floors.Project), file)
            let origin = Path.ChangeExtension(path, null).Replace(Path.DirectorySeparatorChar, '.')
            from Match match in UsingOf().Matches(File.ReadAllText(file))
            where match.Groups["project"].Value == Floors.Project
            select new Arrow(origin, match.Groups["folder"] is { Success: true, Value: var folder } ? $"{folder}.*" : "*");

        private bool IsOurs(IType type) => type.FullName.StartsWith($"{Floors.Project}.", StringComparison.Ordinal);

        // Without the project's name; a nested type by the one that it is nested in.
        private string NameOf(IType type) => type.FullName[(Floors.Project.Length + 1)..].Split('+', '/', '`')[0];
    }
}
