using Qkms.Core.Lifecycle;
using Qkms.Tests.Backups;
using Qkms.Tests.Keyrings;
using Qkms.Tests.Support.ChildProcess;
using Qkms.Tests.Tenants;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Crash;

/// <summary>
/// The operator's tools, 2: death and refused writes at each step of the rotation of a tenant's key. Whatever was done by then, every row
/// opens, <c>verify</c> finds nothing, and the next run finishes.
/// </summary>
public sealed class TenantKeyCrashTests
{
    private const int Kills = 6;

    private static readonly string[] _known =
    [
        "a write", "ITenantRepository.LockAsync", "IKeyringRepository.InsertAsync", "IKeyRepository.LockKeysAsync",
        "IWrappedRowRepository.ReplaceAsync", "IKeyringRepository.LockTenantKeyAsync", "IWrappedRowRepository.AnyAsync",
        "IKeyringRepository.EraseAsync", "IJournalRepository.InsertEventsAsync", "the commit", "the answer to a commit",
    ];

    [FactIf(Requirement.LongTests)]
    public async Task Death_at_each_step_leaves_every_row_openable_and_the_next_run_finishes()
    {
        using TemporaryDirectory directory = new();
        string ciphertext = await PrepareAsync(directory.Path);
        IReadOnlyList<string> passed = [];
        bool hasDied = true;
        for (int step = 1; hasDied; step++)
        {
            Steps steps = new();
            await using (QkmsApplication app = steps.Application(directory.Path))
            {
                string id = (await app.FirstTenantAsync()).ToString();
                steps.DieAt(step);
                await DieOrEndAsync(() => app.RotateTenantKeyAsync(id));
                (hasDied, passed) = (steps.IsDead, steps.Passed);
            }

            await ShouldGoOnAsync(directory.Path, ciphertext, $"death at step {step}, {passed[^1]}");
        }

        passed.Should().Contain(_known);
    }

    [FactIf(Requirement.LongTests)]
    public async Task A_process_killed_in_a_rotation_is_gone_on_from()
    {
        using TemporaryDirectory directory = new();
        string ciphertext = await PrepareAsync(directory.Path);
        Steps counted = new();
        await using (QkmsApplication app = counted.Application(directory.Path))
        {
            string id = (await app.FirstTenantAsync()).ToString();
            counted.DieAt(int.MaxValue);
            await app.RotateTenantKeyAsync(id);
        }

        for (int kill = 0; kill < Kills; kill++)
        {
            int step = 1 + (kill * (counted.Passed.Count - 1) / (Kills - 1));
            await ChildSteps.DieAsync(directory.Path, TimeSpan.Zero, ChildSteps.TenantKeyRotation, key: "", step);

            await ShouldGoOnAsync(directory.Path, ciphertext, $"kill -9 at step {step}, {counted.Passed[step - 1]}");
        }
    }

    /// <summary>A full disk, or whatever else refuses one of the writes: the run ends, and the next one finishes.</summary>
    [Fact]
    public async Task A_refused_write_leaves_every_row_openable_and_the_next_run_finishes()
    {
        using TemporaryDirectory directory = new();
        string ciphertext = await PrepareAsync(directory.Path);
        bool isRefused = true;
        for (int write = 1; isRefused; write++)
        {
            int left = int.MaxValue;
            isRefused = false;
            await using (QkmsApplication app = new(directory.Path)
            {
                KeepsHouse = false,
                StoreInFront = store => new StoreWithGap(
                    store, _ => Interlocked.Decrement(ref left) == 0 ? throw KmsErrors.Unavailable.Refusal() : Task.CompletedTask),
            })
            {
                string id = (await app.FirstTenantAsync()).ToString();
                left = write;
                try
                {
                    await app.RotateTenantKeyAsync(id);
                }
                catch (KmsException)
                {
                    isRefused = true;
                }

                left = int.MaxValue;
            }

            (isRefused || write > 3).Should().BeTrue("the new key, the rows and the end of the old one are writes");
            await ShouldGoOnAsync(directory.Path, ciphertext, $"write {write} refused");
        }
    }

    /// <summary>A backup of the middle is restored, every key of it opens, and the rotation is finished there.</summary>
    [Fact]
    public async Task A_backup_of_the_middle_is_restored_and_gone_on_from()
    {
        using TemporaryDirectory directory = new();
        string data = directory.File("data");
        string ciphertext = await PrepareAsync(data);
        Steps steps = new();
        IReadOnlyList<string> passed;
        await using (QkmsApplication app = steps.Application(data))
        {
            string id = (await app.FirstTenantAsync()).ToString();
            steps.DieAt(int.MaxValue);
            await app.RotateTenantKeyAsync(id);
            passed = steps.Passed;
        }

        // In the unit that destroys the old key: every row is wrapped by the new one, and both are there.
        Steps again = new();
        await using (QkmsApplication app = again.Application(data))
        {
            string id = (await app.FirstTenantAsync()).ToString();
            again.DieAt(1 + passed.ToList().IndexOf("IKeyringRepository.EraseAsync"));
            await DieOrEndAsync(() => app.RotateTenantKeyAsync(id));
            again.IsDead.Should().BeTrue();
        }

        string file = directory.File("middle.qkms");
        await BackupCommands.BackUpAsync(data, file);
        string restored = directory.File("restored");
        TestStorage.UseEmpty(restored);
        TestStorage.WriteRootKey(restored, Convert.FromBase64String(File.ReadAllText(Path.Combine(data, "root.key"))));
        (int exitCode, string output) = await BackupCommands.RestoreAsync(restored, file);
        exitCode.Should().Be(0, output);
        File.Copy(Path.Combine(data, "initial-api-key"), Path.Combine(restored, "initial-api-key"));

        await ShouldGoOnAsync(restored, ciphertext, "a restored backup");
    }

    private static async Task<string> PrepareAsync(string path)
    {
        await using QkmsApplication app = new Steps().Application(path);
        using HttpClient client = app.Client();
        await client.FurnishAsync();
        await client.GenerateAsync(KeyUseVerbs.Aes, new { name = "kept-text", kid = "kept-text" });
        return (await client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=", kid = "kept-text" })).Text("ciphertext");
    }

    private static async Task DieOrEndAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ProcessDiedException)
        {
            // As it should.
        }
    }

    private static async Task ShouldGoOnAsync(string path, string ciphertext, string after)
    {
        await ShouldVerifyAsync(path, after);
        await using QkmsApplication app = new Steps().Application(path);
        string id = (await app.FirstTenantAsync()).ToString();
        using HttpClient client = app.Client();
        (await client.MustUseAsync("/crypto/decrypt", new { ciphertext })).Text("plaintext").Should().Be("aGVsbG8=", after);
        (await client.PostOnceAsync("twice", "/kms/keys/generate", """{"algorithm":"AES-256","name":"kept"}"""))
            .ShouldBe(HttpStatusCode.Created);
        bool isUnfinished;
        using (Database database = TestStorage.OpenUntouched(path))
            isUnfinished = database.TenantKeysInUse(id).Count > 1;

        if (isUnfinished)
        {
            TenantKeyOutcome outcome = await app.RotateTenantKeyAsync(id);
            (outcome.IsNew, outcome.Destroyed).Should().Be((false, 1), after);
        }

        using (Database database = TestStorage.OpenUntouched(path))
            database.ShouldHaveOneTenantKey(id, after);

        app.Log.Text.Should().NotContain("Critical ", after);
        await ShouldVerifyAsync(path, after);
    }

    private static async Task ShouldVerifyAsync(string path, string after)
    {
        (int exitCode, string output) = await Verify.RunAsync(path);
        exitCode.Should().Be(0, "{0}: {1}", after, output);
    }
}
