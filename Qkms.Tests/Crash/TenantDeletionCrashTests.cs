using Qkms.Tests.Support.ChildProcess;
using Qkms.Tests.Tenants;
using Qkms.Tests.Verification;
using Xunit.Abstractions;
using static Qkms.Tests.Tenants.TenantDeletionVerbs;

namespace Qkms.Tests.Crash;

/// <summary>
/// 14.1: death at each step of the deletion of a tenant: whatever was done by then, the key is there and opens or is gone for good, nothing
/// that verification checks is broken, and the next process goes on with what is left.
/// </summary>
public sealed class TenantDeletionCrashTests(ITestOutputHelper output)
{
    private const int Kills = 7;

    private static readonly string[] _known =
    [
        "a write", "ITenantRepository.LockAsync", "IKeyringRepository.EraseAsync", "ITenantRepository.UpdateAsync",
        "IJournalRepository.DeleteUsesStreamsAsync", "the commit", "the answer to a commit",
        "ITenantRemainsRepository.DeleteDependentsAsync", "ITenantRemainsRepository.ReleaseVersionsAsync",
        "ITenantRemainsRepository.ReleaseKeysAsync", "ITenantRemainsRepository.DeleteAsync", "ITenantRemainsRepository.AnyAsync",
    ];

    /// <summary>14.1: one death in the middle of the removal of rows, in each run of the tests.</summary>
    [Theory]
    [InlineData("IKeyringRepository.EraseAsync")]
    [InlineData("ITenantRemainsRepository.DeleteAsync")]
    public async Task Death_in_the_middle_is_gone_on_from(string step)
    {
        using TemporaryDirectory directory = new();
        IReadOnlyList<string> steps = await DieAsync(directory.Path, int.MaxValue, life: 0);
        steps.Should().Contain(_known);

        await DieAsync(directory.Path, 1 + steps.ToList().IndexOf(step), life: 1);

        await ShouldGoOnAsync(directory.Path, step);
    }

    /// <summary>14.1: all of them.</summary>
    [FactIf(Requirement.LongTests)]
    public async Task Death_at_each_step_leaves_the_tenant_whole_or_without_its_key()
    {
        using TemporaryDirectory directory = new();
        IReadOnlyList<string> steps = await DieAsync(directory.Path, int.MaxValue, life: 0);
        output.WriteLine($"{steps.Count} steps: {string.Join(", ", steps)}");
        for (int step = 1; step <= steps.Count; step++)
        {
            await DieAsync(directory.Path, step, life: step);
            await ShouldGoOnAsync(directory.Path, $"step {step}, {steps[step - 1]}");
        }
    }

    /// <summary>14.1: the same with <c>kill -9</c> of a process, at some of the steps, the first and the last among them.</summary>
    [FactIf(Requirement.LongTests)]
    public async Task A_process_killed_in_a_deletion_is_gone_on_from()
    {
        using TemporaryDirectory directory = new();
        IReadOnlyList<string> steps = await DieAsync(directory.Path, int.MaxValue, life: 0);
        for (int kill = 0; kill < Kills; kill++)
        {
            int step = 1 + (kill * (steps.Count - 1) / (Kills - 1));
            await using (QkmsApplication app = new Steps().Application(directory.Path))
                await OrderAsync(app, $"killed{kill}");

            await ChildSteps.DieAsync(directory.Path, TimeSpan.Zero, ChildSteps.TenantDeletion, key: "", step);

            await ShouldGoOnAsync(directory.Path, $"kill -9 at step {step} of {steps.Count}, {steps[step - 1]}");
        }
    }

    private static async Task OrderAsync(QkmsApplication app, string name)
    {
        using HttpClient operators = app.Client();
        (string id, HttpClient theirs) = await app.FurnishTenantAsync(operators, name);
        theirs.Dispose();
        (await operators.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
    }

    private static async Task<IReadOnlyList<string>> DieAsync(string path, int step, int life)
    {
        Steps steps = new();
        await using QkmsApplication app = steps.Application(path);
        await OrderAsync(app, $"t{life}");
        steps.DieAt(step);

        // Who dies in the middle finds the others dead too, and says so to nobody.
        int deleted = await app.DeleteDueAsync(Week).ContinueWith(
            sweep => sweep.IsCompletedSuccessfully ? sweep.Result : 0, TaskScheduler.Default);

        deleted.Should().Be(steps.IsDead ? 0 : 1);
        steps.IsDead.Should().Be(step != int.MaxValue);
        return steps.Passed;
    }

    private static async Task ShouldGoOnAsync(string path, string after)
    {
        (int exitCode, string said) = await Verify.RunAsync(path);
        exitCode.Should().Be(0, "{0}: {1}", after, said);
        await using QkmsApplication app = new Steps().Application(path);
        _ = app.Server;
        await app.DeleteDueAsync(Week);
        using (Database database = TestStorage.OpenUntouched(path))
        {
            database.Scalar("SELECT COUNT(*) FROM tenants WHERE state = 3 OR delete_at IS NOT NULL").Should().Be(0L, after);
            foreach (byte[] id in database.Bytes("SELECT id FROM tenants WHERE state = 4"))
                database.ShouldHoldNothingOf(new Guid(id, bigEndian: true).ToString());
        }

        app.Log.Text.Should().NotContain("Critical ", after);
        (exitCode, said) = await Verify.RunAsync(path);
        exitCode.Should().Be(0, "{0}: {1}", after, said);
    }
}
