namespace Qkms.Tests.Crash;

/// <summary>
/// The disk takes no more: writes are refused, reads go on, nothing that was acknowledged is lost, and it ends by itself.
/// </summary>
public sealed class UnwritableDiskTests
{
    // More than fit behind what the write-ahead log has taken already.
    private const int ManyWrites = 5000;

    [FactIf(Requirement.SmallDisk)]
    public async Task A_full_disk_stops_writes_alone_and_for_as_long_as_it_is_full()
    {
        using SmallDisk disk = new(megabytes: 12);
        string data = Path.Combine(disk.Path, "data");
        List<string> kids = [];
        using (ServiceProcess service = await ServiceProcess.StartAsync(data))
        {
            using HttpClient client = service.Client();
            await WriteAsync(client, kids, 3);
            disk.Fill();
            await WriteUntilRefusedAsync(client, kids);
            await ReadsShouldGoOnAsync(client, kids);

            // Now and then SQLite finds room in its own log.
            for (int i = 0; i < 20; i++)
                await WriteUntilRefusedAsync(client, kids);

            disk.Free();
            await WriteAsync(client, kids, 5);
            await service.KillAsync();
        }

        await AllShouldBeThereAsync(data, kids);
    }

    [FactIf(Requirement.SmallDisk)]
    public async Task A_start_on_a_full_disk_is_refused_in_words_and_works_when_there_is_room()
    {
        using SmallDisk disk = new(megabytes: 6);
        string data = Path.Combine(disk.Path, "data");
        disk.Fill();

        await RefusedAsync(data, "No space left", "disk is full");
        disk.Free();
        List<string> kids = [];
        using (ServiceProcess service = await ServiceProcess.StartAsync(data))
        {
            using HttpClient client = service.Client();
            await WriteAsync(client, kids, 3);
            await service.KillAsync();
        }

        await AllShouldBeThereAsync(data, kids);
    }

    [FactIf(Requirement.SmallDisk)]
    public async Task A_start_on_a_disk_that_is_read_only_is_refused_in_words()
    {
        using SmallDisk disk = new(megabytes: 6);
        string data = Path.Combine(disk.Path, "data");
        List<string> kids = [];
        using (ServiceProcess service = await ServiceProcess.StartAsync(data))
        {
            using HttpClient client = service.Client();
            await WriteAsync(client, kids, 3);
            await service.KillAsync();
        }

        disk.MakeReadOnly(true);
        await RefusedAsync(data, "Read-only file system");
        disk.MakeReadOnly(false);
        await AllShouldBeThereAsync(data, kids);
    }

    [FactIf(Requirement.ImmutableFiles)]
    public async Task Files_that_become_read_only_stop_writes_alone_and_for_as_long_as_they_are()
    {
        using TemporaryDirectory directory = new();
        List<string> kids = [];
        using (ServiceProcess service = await ServiceProcess.StartAsync(directory.Path))
        {
            using HttpClient client = service.Client();
            await WriteAsync(client, kids, 3);
            using (ImmutableFiles files = new(directory.File("qkms.db"), directory.File("qkms.db-wal")))
            {
                await WriteUntilRefusedAsync(client, kids);
                await ReadsShouldGoOnAsync(client, kids);
                await WritesShouldBeRefusedAsync(client, kids);
            }

            await WriteAsync(client, kids, 5);
            await client.MustUseAsync("/crypto/encrypt", new { plaintext = new byte[1], kid = kids[^1] });
            await service.KillAsync();
        }

        using (ImmutableFiles file = new(directory.File("qkms.db")))
            await RefusedAsync(directory.Path, "denied", "read-only", "readonly", "not permitted");

        await AllShouldBeThereAsync(directory.Path, kids);
    }

    private static async Task WriteAsync(HttpClient client, List<string> kids, int count)
    {
        for (int i = 0; i < count; i++)
            kids.Add((await client.GenerateAsync("AES-256", new { name = $"key-{kids.Count}" })).Text("kid"));
    }

    private static async Task WriteUntilRefusedAsync(HttpClient client, List<string> kids)
    {
        for (int i = 0; i < ManyWrites; i++)
        {
            Answer answer = await client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"AES-256","name":"key-{{kids.Count}}"}""");
            if (answer.Status != HttpStatusCode.Created)
            {
                ShouldBeRefused(answer);
                return;
            }

            kids.Add(answer.Text("kid"));
        }

        throw new InvalidOperationException("The disk is not full.");
    }

    private static async Task ReadsShouldGoOnAsync(HttpClient client, List<string> kids)
    {
        await Eventually.HoldsAsync(async () => (await client.GetJsonAsync("/health/ready")).Status == HttpStatusCode.OK);
        (await client.GetJsonAsync("/kms/keys?limit=10")).ShouldBe(HttpStatusCode.OK).Number("total").Should().Be(kids.Count);
        (await client.GetJsonAsync($"/kms/keys/{kids[0]}")).ShouldBe(HttpStatusCode.OK);
        (await client.GetJsonAsync($"/kms/keys/active?algorithm=AES-256&name=key-{kids.Count - 1}")).Text("kid").Should().Be(kids[^1]);
        (await client.GetJsonAsync("/audit/events?limit=10")).ShouldBe(HttpStatusCode.OK);
    }

    private static async Task WritesShouldBeRefusedAsync(HttpClient client, List<string> kids)
    {
        ShouldBeRefused(await client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"ML-KEM-768","name":"key-{{kids.Count}}"}"""));
        ShouldBeRefused(await client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256","name":"key-0"}"""));

        // A use has to be in the journal before its answer leaves.
        ShouldBeRefused(await client.UseAsync("/crypto/encrypt", new { plaintext = new byte[1], kid = kids[^1] }));
        (await client.GetJsonAsync("/kms/keys/active?algorithm=AES-256&name=key-0")).Text("kid").Should().Be(kids[0]);
    }

    private static void ShouldBeRefused(Answer answer)
    {
        answer.ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001");
        answer.Headers.Should().ContainKey("Retry-After");
    }

    // F-43
    private static async Task RefusedAsync(string data, params string[] words) =>
        (await FailedStart.SentenceAsync(data)).Should().ContainAny(words);

    private static async Task AllShouldBeThereAsync(string data, List<string> kids)
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(data);
        using HttpClient client = service.Client();
        (await Invariants.ListAsync(client)).Select(key => (string)key["kid"]!).Reverse().Should().Equal(kids);
        using Database database = TestStorage.OpenUntouched(data);
        database.Flaws().Should().BeEmpty();
    }
}
