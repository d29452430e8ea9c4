using System.Diagnostics;
using System.Reflection;
using Qkms.Tests.Cryptography;
using Qkms.Tests.Support.ChildProcess;
using Xunit.Sdk;

namespace Qkms.Tests.Support;

/// <summary>What a test needs that not every machine or run has.</summary>
internal enum Requirement
{
    /// <summary>Storage on SQLite: the test is about SQLite, or not about storage, and one run of it is enough.</summary>
    Sqlite,

    /// <summary>A PostgreSQL server where databases may be made.</summary>
    Postgres,

    /// <summary>The programs of PostgreSQL, and time: the test starts a server of its own.</summary>
    PostgresPrograms,

    /// <summary>A disk of a few megabytes for the embedded database.</summary>
    SmallDisk,

    /// <summary>The same, for a PostgreSQL server that the test starts.</summary>
    SmallDiskOfPostgres,

    /// <summary>Files of the embedded database that even root cannot write.</summary>
    ImmutableFiles,

    /// <summary>Files of another user, which only root can make.</summary>
    OtherUsersFiles,

    /// <summary>The memory of another process.</summary>
    ProcessMemory,

    /// <summary>Code that the runtime optimises.</summary>
    OptimisedBuild,

    /// <summary>Time: <c>QKMS_LONG_TESTS=1</c>.</summary>
    LongTests,

    /// <summary>Time, and SQLite.</summary>
    LongTestsOnSqlite,

    /// <summary>Published test vectors: the named files, or folders of which every file is read.</summary>
    Vectors,

    /// <summary>Vectors of C2SP/wycheproof for algorithms that the folder of vectors need not have: the named files.</summary>
    Wycheproof,

    /// <summary>The vectors of NIST and of RFCs that Debian packages.</summary>
    DebianVectors,

    /// <summary>The named engine.</summary>
    Engine,

    /// <summary>Node.js with the packages of <c>Qkms.Tests/Interop</c>, and the named tools that its programs run.</summary>
    NodePrograms,

    /// <summary>SoftHSM, and OpenSC to look at what a token is asked.</summary>
    SoftHsm,

    /// <summary>The same, and the memory of another process.</summary>
    SoftHsmAndMemory,
}

/// <summary>A fact that is skipped where a requirement is not met; the reason names what is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactIfAttribute : FactAttribute, IRequirement
{
    public FactIfAttribute(Requirement requirement, params string[] names)
    {
        (Requirement, Names) = (requirement, names);
        Skip = this.MissingReason();
    }

    public Requirement Requirement { get; }

    public string[] Names { get; }
}

/// <summary>A theory that is skipped where a requirement is not met; the reason names what is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TheoryIfAttribute : TheoryAttribute, IRequirement
{
    public TheoryIfAttribute(Requirement requirement, params string[] names)
    {
        (Requirement, Names) = (requirement, names);
        Skip = this.MissingReason();
    }

    public Requirement Requirement { get; }

    public string[] Names { get; }
}

/// <summary>Values for a theory that are tried in long runs only: others, tried always, show the same.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class LongInlineDataAttribute : DataAttribute
{
    private readonly object?[] _values;

    public LongInlineDataAttribute(params object?[] values) => (_values, Skip) = (values, Requirements.NeedsTime);

    public override IEnumerable<object?[]> GetData(MethodInfo testMethod) => [_values];
}

/// <summary>What a fact or theory requires.</summary>
internal interface IRequirement
{
    Requirement Requirement { get; }

    /// <summary>Which files, engine or tools, for the requirements that have several.</summary>
    string[] Names { get; }
}

internal static class Requirements
{
    // The gate takes what begins with "Not on PostgreSQL:" for a good reason where tests run on PostgreSQL.
    private const string NotOnPostgres = "Not on PostgreSQL: it is about SQLite, or not about storage.";

    private const string NotTwice = "Not on PostgreSQL: it starts a server of its own, and runs with the tests on SQLite.";

    // And this one where somebody else than root runs it.
    private const string OnlyForRoot = "Only root can make files of another user.";

    /// <summary>Why a test is skipped, or null where it runs.</summary>
    public static string? MissingReason(this IRequirement required) => required.Requirement switch
    {
        Requirement.Sqlite => TestStorage.IsPostgres ? NotOnPostgres : null,
        Requirement.Postgres => PostgresServer.MissingReason,
        Requirement.PostgresPrograms => TestStorage.IsPostgres ? NotTwice : NeedsTime ?? PostgresCluster.MissingReason,
        Requirement.SmallDisk => TestStorage.IsPostgres ? NotOnPostgres : SmallDisk.MissingReason,
        Requirement.SmallDiskOfPostgres =>
            TestStorage.IsPostgres ? NotTwice : NeedsTime ?? PostgresCluster.MissingReason ?? SmallDisk.MissingReason,
        Requirement.ImmutableFiles => TestStorage.IsPostgres ? NotOnPostgres : ImmutableFiles.MissingReason,
        Requirement.OtherUsersFiles => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess ? null : OnlyForRoot,
        Requirement.ProcessMemory => ProcessMemory.MissingReason(),
        Requirement.OptimisedBuild => IsOptimised ? null : "This build is not optimised: run the tests with -c Release.",
        Requirement.LongTests => NeedsTime,
        Requirement.LongTestsOnSqlite => TestStorage.IsPostgres ? NotOnPostgres : NeedsTime,
        Requirement.Vectors => TestVectors.MissingReason(required.Names),
        Requirement.Wycheproof => TestVectors.MissingWycheproofReason(required.Names),
        Requirement.DebianVectors => DebianVectors.MissingReason,
        Requirement.Engine => EngineUnderTest.Absence(required.Names.Single()),
        Requirement.SoftHsm => SoftHsm.MissingReason,
        Requirement.SoftHsmAndMemory => SoftHsm.MissingReason ?? ProcessMemory.MissingReason(),
        Requirement.NodePrograms => NodeProgram.MissingReason(required.Names),
        _ => throw new UnreachableException(),
    };

    public static string? NeedsTime => LongTests.AreWanted ? null : $"It takes long: set {LongTests.Variable}=1.";

    private static bool IsOptimised =>
        typeof(TouchesSecretsAttribute).Assembly.GetCustomAttribute<DebuggableAttribute>() is not { IsJITOptimizerDisabled: true };
}
