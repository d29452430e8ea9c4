using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Qkms.Core.Errors;

namespace Qkms.Tests.Architecture;

/// <summary>
/// The folders of Core are floors: a type uses those of its own folder and of the floors below it. Read from the compiled assembly, method bodies
/// included, so that a new file needs no line here.
/// </summary>
public sealed class FloorTests
{
    // From the ground up.
    private static readonly string[] _floors =
    [
        "Errors", "Gates", "Names", "Time", "Secrets", "Cryptography", "Sealing", "Algorithms", "Telemetry", "Store", "Keyrings", "Callers", "Tenants",
        "Journal", "ApiKeys", "Idempotency", "Keys", "Uses", "Lifecycle", "Encryption", "Signatures", "Installation", Roof,
    ];

    // What is in no folder puts the floors together.
    private const string Roof = "";

    // Still upward, to be cut: a caller carries what is kept of a repeatable request.
    private static readonly string[] _known = ["Callers.Caller -> Idempotency.RepeatableRequest"];

    private static readonly string _root = typeof(KmsError).Assembly.GetName().Name!;

    [Fact]
    public void No_type_uses_a_floor_above_its_own()
    {
        IType[] types = [.. new ArchLoader().LoadAssembly(typeof(KmsError).Assembly).Build().Types.Where(IsOurs)];
        string[] upward =
        [
            .. types.SelectMany(type => type.Dependencies)
                .Where(dependency => IsOurs(dependency.Target) && FloorOf(dependency.Target) > FloorOf(dependency.Origin))
                .Select(dependency => $"{NameOf(dependency.Origin)} -> {NameOf(dependency.Target)}")
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];

        types.Should().NotBeEmpty();
        upward.Should().Equal(_known, "an arrow that is gone leaves the list, and none joins it");
    }

    private static bool IsOurs(IType type) => type.FullName.StartsWith($"{_root}.", StringComparison.Ordinal);

    private static int FloorOf(IType type)
    {
        string[] parts = NameOf(type).Split('.');
        string folder = parts.Length > 1 ? parts[0] : Roof;
        int floor = Array.IndexOf(_floors, folder);
        return floor >= 0 ? floor : throw new InvalidOperationException($"The folder {folder} of {NameOf(type)} has no floor: give it one in this test.");
    }

    // Without the assembly's name; a nested type by the one that it is nested in.
    private static string NameOf(IType type) => type.FullName[(_root.Length + 1)..].Split('+', '/', '`')[0];
}
