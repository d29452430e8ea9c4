using Qkms.Tests.Crash;
using Qkms.Tests.Hosting;
using Qkms.Tests.Integrity;
using Qkms.Tests.Interop;
using Qkms.Tests.Nodes;
using Qkms.Tests.RootKeys;
using Qkms.Tests.Uses;
using Qkms.Tests.Verification;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Qkms.Tests.Support.LongestFirst", "Qkms.Tests")]

namespace Qkms.Tests.Support;

/// <summary>
/// Begins with the classes that were measured to take longest: the tests of a class run one after the other, and whoever begins late with
/// such a class waits for it alone. Those that start many processes take turns with those that work in this one. The order of the others is
/// left to chance, as xunit has it.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] _longest =
    [
        // In long runs only.
        typeof(TenantDeletionCrashTests), typeof(Crash.FailoverTests), typeof(BrokenCommitTests), typeof(LiveClientTests),

        typeof(SecretsLeaveMemoryTests), typeof(IntegrityTableTests), typeof(FirstStartCrashTests), typeof(MaterialUseTests),
        typeof(StopTests), typeof(TamperingTests), typeof(StartTests), typeof(UnwritableDiskTests), typeof(DamagedFileTests),
        typeof(StepCrashTests), typeof(FailedStartTests), typeof(VerifyExitStatusTests),
        typeof(TokenServiceTests), typeof(OtherKmsServiceTests),
    ];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(Place).ThenBy(collection => collection.UniqueID);

    // A class without a collection of its own is one, "Test collection for Qkms.Tests.Hosting.StopTests".
    private static int Place(ITestCollection collection)
    {
        int place = Array.FindIndex(
            _longest, type => collection.DisplayName.EndsWith($" {type.FullName}", StringComparison.Ordinal));
        return place < 0 ? _longest.Length : place;
    }
}
