using Qkms.Storage.Sqlite;
using Qkms.Tests.Storage;

namespace Qkms.Tests.Integrity;

/// <summary>
/// The files of the embedded database are damaged while it is not running: the start is refused in words, or what is there is right
/// and what is not there any more is an error. Never is a wrong answer given, and never is a used data directory taken for a new one.
/// </summary>
public sealed class DamagedFileTests : IAsyncLifetime, IDisposable
{
    private const int Keys = 40;
    private const int PageSize = 4096;

    private readonly TemporaryDirectory _killed = new();
    private readonly TemporaryDirectory _stopped = new();
    private readonly List<string> _kids = [];

    private static string Log(string directory) => Path.Combine(directory, "qkms.db-wal");

    private static string DatabaseFile(string directory) => Path.Combine(directory, "qkms.db");

    /// <summary>Keys, and the files as a killed process leaves them, and as a stopped one does.</summary>
    public async Task InitializeAsync()
    {
        if (TestStorage.IsPostgres)
            return;

        await using QkmsApplication app = new(_stopped.Path);
        using HttpClient client = app.Client();
        for (int i = 0; i < Keys; i++)
            _kids.Add((await client.GenerateAsync("AES-256", new { name = $"key-{i}" })).Text("kid"));

        TestStorage.Copy(_stopped.Path, _killed.Path);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _killed.Dispose();
        _stopped.Dispose();
    }

    // What SQLite cannot tell from a crash is an older state, and a whole one.
    [TheoryIf(Requirement.Sqlite)]
    [InlineData("cut to nothing")]
    [InlineData("cut inside its header")]
    [InlineData("cut in half")]
    [InlineData("cut by one byte")]
    [InlineData("one byte turned")]
    [InlineData("gone")]
    public async Task A_log_without_its_end_gives_an_older_state_that_is_whole(string damage)
    {
        string log = Log(_killed.Path);
        long length = new FileInfo(log).Length;
        switch (damage)
        {
            case "gone":
                File.Delete(log);
                break;
            case "one byte turned":
                await TurnByteAsync(log, length / 2);
                break;
            default:
                await using (FileStream file = new(log, FileMode.Open))
                    file.SetLength(damage switch
                    {
                        "cut to nothing" => 0,
                        "cut inside its header" => 20,
                        "cut in half" => length / 2,
                        _ => length - 1
                    });
                break;
        }

        await using QkmsApplication app = new(_killed.Path);
        using HttpClient client = app.Client();
        Answer list = (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        string[] left = [.. list.Data["keys"]!.AsArray().Select(key => (string)key!["kid"]!).Reverse()];
        left.Should().Equal(_kids.Take(left.Length)).And.HaveCount(list.Number("total"));
        left.Length.Should().BePositive("the first of them were in the database file already");
        foreach (string kid in left)
            await client.MustUseAsync("/crypto/encrypt", new { plaintext = new byte[1], kid });

        using Database database = app.OpenDatabase();
        database.Scalar("SELECT COUNT(*) FROM tenants").Should().Be(1L);
        database.Flaws().Should().BeEmpty();
    }

    [TheoryIf(Requirement.Sqlite)]
    [InlineData("random bytes")]
    [InlineData("a header of zeros")]
    [InlineData("one byte of the header turned")]
    public async Task A_log_whose_header_is_damaged_stops_the_start_in_words(string damage)
    {
        string log = Log(_killed.Path);
        byte[] bytes = await File.ReadAllBytesAsync(log);
        switch (damage)
        {
            case "random bytes":
                RandomNumberGenerator.Fill(bytes);
                break;
            case "a header of zeros":
                bytes.AsSpan(0, 32).Clear();
                break;
            default:
                bytes[9] ^= 1;
                break;
        }

        await File.WriteAllBytesAsync(log, bytes);

        (await RefusalAsync(_killed.Path)).Should().Contain("write-ahead log").And.Contain("is damaged");
        (await File.ReadAllBytesAsync(log)).Should().Equal(bytes, "what may be rescued is left alone");
    }

    // Each page in turn, as a disk loses them.
    [TheoryIf(Requirement.Sqlite)]
    [InlineData(false)]
    [LongInlineData(true)]
    public async Task A_damaged_page_is_an_error_where_it_matters_and_never_a_wrong_answer(bool random)
    {
        byte[] whole = await File.ReadAllBytesAsync(DatabaseFile(_stopped.Path));
        int pages = whole.Length / PageSize;
        int noticed = 0;
        for (int page = 0; page < pages; page += random ? 7 : 5)
        {
            using TemporaryDirectory copy = new();
            TestStorage.Copy(_stopped.Path, copy.Path);
            byte[] damaged = [.. whole];
            Span<byte> bytes = damaged.AsSpan(page * PageSize, PageSize);
            if (random)
                RandomNumberGenerator.Fill(bytes);
            else
                bytes.Clear();

            await File.WriteAllBytesAsync(DatabaseFile(copy.Path), damaged);
            noticed += await ShouldBeRightOrRefusedAsync(copy.Path, $"page {page + 1}") ? 1 : 0;
        }

        noticed.Should().BePositive();
    }

    [TheoryIf(Requirement.Sqlite)]
    [InlineData(0.5)]
    [InlineData(0.98)]
    [InlineData(0.0001)]
    public async Task A_database_file_that_was_cut_is_an_error(double part)
    {
        await using (FileStream file = new(DatabaseFile(_stopped.Path), FileMode.Open))
            file.SetLength((long)(file.Length * part) + 1);

        (await ShouldBeRightOrRefusedAsync(_stopped.Path, "the cut")).Should().BeTrue();
    }

    /// <summary>Whether anything was noticed: a start that was refused in words, or an answer that was an error.</summary>
    private async Task<bool> ShouldBeRightOrRefusedAsync(string directory, string because)
    {
        if (await RefusalAsync(directory) is { } words)
        {
            words.Should().Contain("qkms.db", because);
            return true;
        }

        await using QkmsApplication app = new(directory);
        HttpClient client;
        try
        {
            client = app.Client();
        }
        catch (Exception e) when (e is not FileNotFoundException)
        {
            app.Log.Text.Should().ContainAny("malformed", "not a database", "does not open");
            return true;
        }

        using (client)
            return await SomeAnswerIsAnErrorAsync(client, because);
    }

    private async Task<bool> SomeAnswerIsAnErrorAsync(HttpClient client, string because)
    {
        bool noticed = false;
        for (int i = 0; i < Keys; i++)
        {
            Answer answer = await client.GetJsonAsync($"/kms/keys/{_kids[i]}");
            ((int)answer.Status).Should().BeOneOf([200, 500, 503], "{0}: {1}", because, answer.Body);
            noticed |= answer.Status != HttpStatusCode.OK;
            if (answer.Status == HttpStatusCode.OK)
                answer.Text("name").Should().Be($"key-{i}", because);

            Answer used = await client.UseAsync("/crypto/encrypt", new { plaintext = new byte[1], kid = _kids[i] });
            ((int)used.Status).Should().BeOneOf([200, 500, 503], "{0}: {1}", because, used.Body);
            noticed |= used.Status != HttpStatusCode.OK;
        }

        Answer list = await client.GetJsonAsync("/kms/keys");
        ((int)list.Status).Should().BeOneOf([200, 500, 503], "{0}: {1}", because, list.Body);
        if (list.Status == HttpStatusCode.OK)
        {
            JsonNode data = list.Data;
            (data["keys"]!.AsArray().Count + data["unreadable"]!.AsArray().Count).Should().Be(Keys, because);
        }

        return noticed || list.Status != HttpStatusCode.OK;
    }

    private static async Task<string?> RefusalAsync(string directory)
    {
        await using SqliteKmsStore store = SqliteStores.Create(directory);
        try
        {
            await store.OpenAsync(CancellationToken.None);
            return null;
        }
        catch (StoreUnusableException e)
        {
            return e.Message;
        }
    }

    private static async Task TurnByteAsync(string path, long at)
    {
        byte[] bytes = await File.ReadAllBytesAsync(path);
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
    }
}
