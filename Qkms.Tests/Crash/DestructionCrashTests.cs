namespace Qkms.Tests.Crash;

public sealed class DestructionCrashTests
{
    private const int Versions = 200;
    private const int Kills = 4;

    // kill -9 in the middle of destructions leaves each version whole or destroyed, and the next process goes on.
    [FactIf(Requirement.LongTests)]
    public async Task A_kill_leaves_each_version_whole_or_destroyed_and_the_next_process_goes_on()
    {
        using TemporaryDirectory directory = new();
        await PrepareAsync(directory.Path);
        Dictionary<string, string?> often = new() { ["Qkms__Destruction__SweepInterval"] = "00:00:00.100" };
        int destroyed = 0;
        for (int round = 0; round < Kills; round++)
        {
            using (ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, often))
            {
                using HttpClient client = service.Client(repeats: true);
                while (await CountDestroyedAsync(client) == destroyed)
                    await Task.Delay(1);

                await service.KillAsync();
            }

            destroyed = EveryVersionIsWholeOrDestroyed(directory.Path);
            if (destroyed == Versions)
                break;
        }

        using ServiceProcess last = await ServiceProcess.StartAsync(directory.Path, often);
        using HttpClient reader = last.Client(repeats: true);
        while (await CountDestroyedAsync(reader) < Versions)
            await Task.Delay(50);

        (await last.TerminateAsync()).Should().Be(0, last.Output);
        EveryVersionIsWholeOrDestroyed(directory.Path).Should().Be(Versions);
        last.Complaints.Should().BeEmpty();
    }

    // Versions whose time has come: orders are for a week at least, so their dates are moved as the service itself would write them.
    private static async Task PrepareAsync(string path)
    {
        await using QkmsApplication app = new(path);
        using HttpClient client = app.Client();
        await client.GenerateAsync(KeyUseVerbs.Aes);
        for (int i = 0; i < Versions; i++)
        {
            string kid = (await client.RotateAsync(KeyUseVerbs.Aes)).Text("previous_kid");
            (await client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
            await app.RewriteAsync(kid, version => version with { DestroyAt = version.CreatedAt });
        }
    }

    private static async Task<int> CountDestroyedAsync(HttpClient client) =>
        (await client.GetJsonAsync("/kms/keys?status=destroyed&limit=1")).ShouldBe(HttpStatusCode.OK).Number("total");

    private static int EveryVersionIsWholeOrDestroyed(string dataDirectory)
    {
        using Database database = TestStorage.Open(dataDirectory);
        const string Events = "((SELECT COUNT(*) FROM audit_events e WHERE e.kid = v.kid AND e.action = 'key.destroyed') = 1)";
        const string Material = "(SELECT m.wrapped = zeroblob(length(m.wrapped)) FROM key_material m WHERE m.version_id = v.id)";
        database.Scalar(
            $"SELECT COUNT(*) FROM key_versions v WHERE (v.state = 4) <> {Material} OR (v.state = 4) <> {Events} OR (v.state = 4) <> "
            + "(v.destroyed_at IS NOT NULL)")
            .Should().Be(0L);
        object? destroyed = database.Scalar("SELECT COUNT(*) FROM key_versions WHERE state = 4");
        database.Scalar("SELECT destroyed_count FROM keys").Should().Be(destroyed);
        database.Scalar("SELECT COUNT(*) FROM key_versions WHERE state <> 4 AND destroy_at IS NOT NULL")
            .Should().Be(Versions - (long)destroyed!);
        database.Flaws().Should().BeEmpty();
        return (int)(long)destroyed;
    }
}
