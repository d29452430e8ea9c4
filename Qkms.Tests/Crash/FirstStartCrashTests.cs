using Qkms.Core.Installation;
using Xunit.Abstractions;

namespace Qkms.Tests.Crash;

/// <summary>The very first start is killed: the next one finishes it, and the API key that the operator finds is one that works.</summary>
public sealed class FirstStartCrashTests(ITestOutputHelper output)
{
    // Files show from outside how far it has come.
    [TheoryIf(Requirement.LongTestsOnSqlite)]
    [InlineData("qkms.lock")]
    [InlineData("qkms.db")]
    [InlineData("qkms.db-wal")]
    [InlineData("root.key")]
    public async Task A_first_start_that_is_killed_when_a_file_appears_is_finished_by_the_next(string file)
    {
        using TemporaryDirectory directory = new();
        await KillAsync(directory.Path, _ => File.Exists(directory.File(file)));

        await ShouldStartAsync(directory.Path);
    }

    // So do lines of the log, and the file of the API key, which is there before the API key is valid.
    [Theory]
    [LongInlineData("Migration 0001_initial applied")]
    [InlineData("The keyring is open")]
    [InlineData(InitialApiKeyFile.Name)]
    public async Task A_first_start_that_is_killed_between_two_steps_is_finished_by_the_next(string sign)
    {
        using TemporaryDirectory directory = new();
        TestStorage.UseEmpty(directory.Path);
        await KillAsync(
            directory.Path, service => File.Exists(directory.File(sign)) || service.Output.Contains(sign, StringComparison.Ordinal));

        await ShouldStartAsync(directory.Path);
    }

    [FactIf(Requirement.LongTests)]
    public async Task A_first_start_that_is_killed_at_any_moment_is_finished_by_the_next()
    {
        int kills = CrashCount.Or(2);
        int[] reached = new int[4];
        for (int kill = 0; kill < kills; kill++)
        {
            using TemporaryDirectory directory = new();
            TestStorage.UseEmpty(directory.Path);

            // Most of a start is the runtime's: the moments of ours begin with the first file.
            int wait = RandomNumberGenerator.GetInt32(400);
            await KillAsync(directory.Path, service =>
                File.Exists(directory.File(TestStorage.IsPostgres ? "initial-api-key" : "qkms.lock"))
                || service.Output.Contains("Migration", StringComparison.Ordinal), wait);
            reached[(File.Exists(directory.File("qkms.db")) ? 1 : 0) + (File.Exists(directory.File("root.key")) ? 1 : 0)
                + (File.Exists(directory.File("initial-api-key")) ? 1 : 0)]++;

            await ShouldStartAsync(directory.Path);
        }

        output.WriteLine(
            $"{kills} kills of a first start; of database, root key and API key the first "
            + $"{string.Join(", ", reached.Select((count, had) => $"{had} were there {count} times"))}");
    }

    // Half of what makes a file whole or not there: link(2) was done, unlink(2) was not.
    [Fact]
    public async Task No_second_copy_of_a_secret_is_left_by_a_start_that_was_killed_between_two_steps()
    {
        using TemporaryDirectory directory = new();
        TestStorage.UseEmpty(directory.Path);
        await ShouldStartAsync(directory.Path);
        string[] leftovers = [directory.File("root.key.new"), directory.File("initial-api-key.new")];
        foreach (string leftover in leftovers)
            File.Copy(leftover[..^".new".Length], leftover);

        await ShouldStartAsync(directory.Path);

        leftovers.Where(File.Exists).Should().BeEmpty();
    }

    private static async Task KillAsync(string directory, Func<ServiceProcess, bool> isThere, int furtherMilliseconds = 0)
    {
        using ServiceProcess service = ServiceProcess.Launch(directory);
        while (!isThere(service) && !service.HasExited)
            Thread.SpinWait(100);

        service.HasExited.Should().BeFalse(service.Output);
        await Task.Delay(furtherMilliseconds);
        await service.KillAsync();
    }

    private static async Task ShouldStartAsync(string directory)
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(directory);
        using HttpClient client = service.Client();
        await client.GenerateAsync("AES-256", new { name = $"n-{RandomNumberGenerator.GetHexString(8)}" });
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        using (Database database = TestStorage.OpenUntouched(directory))
        {
            database.Scalar("SELECT COUNT(*) FROM tenants").Should().Be(1L);
            database.Scalar("SELECT COUNT(*) FROM credentials WHERE lookup_id <> 'decoy'").Should().Be(1L);
            database.Scalar("SELECT COUNT(*) FROM root_wrappers").Should().Be(1L);
            database.Scalar("SELECT COUNT(*) FROM installation").Should().Be(1L);
            database.Scalar("SELECT COUNT(*) FROM audit_events WHERE action = 'tenant.created'").Should().Be(1L);
            database.Flaws().Should().BeEmpty();
        }

        (await service.TerminateAsync()).Should().Be(0);
    }
}
