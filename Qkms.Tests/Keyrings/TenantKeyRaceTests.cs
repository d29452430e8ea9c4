using Qkms.Tests.Tenants;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Keyrings;

/// <summary>The operator's tools, 2: what else is under way while the key of a tenant is rotated.</summary>
public sealed class TenantKeyRaceTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan _untilKeysAreReadAnew = TimeSpan.FromMinutes(12);

    private readonly QkmsApplication _app;
    private Func<Type, Task>? _beforeWrites;
    private string _id = "";

    public TenantKeyRaceTests() => _app = new QkmsApplication
    {
        KeepsHouse = false,
        StoreInFront = store => new StoreWithGap(store, BeforeWriteAsync),
    };

    public async Task InitializeAsync() => _id = (await _app.FirstTenantAsync()).ToString();

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public void Dispose() => _app.Dispose();

    /// <summary>
    /// A request that wrapped its new key before the rotation, and writes it after the old key is destroyed, is refused, and works when it
    /// is repeated: nothing is ever under a key that is gone.
    /// </summary>
    [Theory]
    [InlineData("/kms/keys/generate", """{"algorithm":"AES-256","name":"late"}""")]
    [InlineData("/devices/phone/keys", """{"algorithm":"ML-KEM-768"}""")]
    public async Task What_was_wrapped_by_the_old_key_is_not_written_after_its_end(string path, string body)
    {
        using HttpClient client = _app.Client();
        OnceBeforeAWrite(() => _app.RotateTenantKeyAsync(_id));

        Answer refused = await client.PostOnceAsync("late", path, body);

        refused.ShouldBe(HttpStatusCode.ServiceUnavailable).Headers.Should().ContainKey("Retry-After");
        await ShouldBeWholeAsync();
        (await client.PostOnceAsync("late", path, body)).ShouldBe(HttpStatusCode.Created);
        await ShouldBeWholeAsync();
    }

    /// <summary>The same where the change wraps no key, and only its kept result was wrapped by the old one.</summary>
    [Fact]
    public async Task A_result_that_was_wrapped_by_the_old_key_is_not_kept_after_its_end()
    {
        using HttpClient client = _app.Client();
        string kid = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        OnceBeforeAWrite(() => _app.RotateTenantKeyAsync(_id));

        (await client.PostOnceAsync("late", $"/kms/keys/{kid}/actions/revoke", null)).ShouldBe(HttpStatusCode.ServiceUnavailable);

        await ShouldBeWholeAsync();
        (await client.PostOnceAsync("late", $"/kms/keys/{kid}/actions/revoke", null)).ShouldBe(HttpStatusCode.NoContent);
    }

    /// <summary>A destruction that has read its key before the rotation raises no alarm, and is done by the next sweep.</summary>
    [Fact]
    public async Task A_destruction_beside_a_rotation_is_done_by_the_next_sweep()
    {
        using HttpClient client = _app.Client();
        string kid = (await client.GenerateRetiredAsync(KeyUseVerbs.Aes)).Text("kid");
        (await client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        OnceBeforeAWrite(() => _app.RotateTenantKeyAsync(_id), typeof(KeyVersion));

        Func<Task> sweep = () => _app.SweepAfterAsync(TenantDeletionVerbs.Week);

        await sweep.Should().ThrowAsync<KmsException>();
        _app.Log.Text.Should().NotContain("Critical ");
        (await _app.SweepAfterAsync(TimeSpan.FromMinutes(1))).Should().Be(1);
        await ShouldBeWholeAsync();
        using Database database = _app.OpenDatabase();
        database.Bytes($"SELECT m.wrapped FROM key_material m JOIN key_versions v ON v.id = m.version_id WHERE v.kid = '{kid}'")
            .Single().Should().OnlyContain(one => one == 0);
    }

    /// <summary>A private key that is destroyed between the look at it and its wrapping stays destroyed.</summary>
    [Fact]
    public async Task A_rotation_beside_a_destruction_brings_nothing_back()
    {
        using HttpClient client = _app.Client();
        string kid = (await client.GenerateRetiredAsync(KeyUseVerbs.Aes)).Text("kid");
        (await client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        OnceBeforeAWrite(async () => (await _app.SweepAfterAsync(TenantDeletionVerbs.Week)).Should().Be(1), typeof(int));

        (await _app.RotateTenantKeyAsync(_id)).Left.Should().BeEmpty();

        using (Database database = _app.OpenDatabase())
        {
            database.Bytes($"SELECT m.wrapped FROM key_material m JOIN key_versions v ON v.id = m.version_id WHERE v.kid = '{kid}'")
                .Single().Should().OnlyContain(one => one == 0);
        }

        await ShouldBeWholeAsync();
    }

    /// <summary>A key that is read while its row is wrapped anew, and the key that wrapped it destroyed, is read once more.</summary>
    [Fact]
    public async Task A_key_that_is_read_in_the_middle_of_a_rotation_opens()
    {
        bool isArmed = false;
        string id = "";
        QkmsApplication? running = null;
        await using QkmsApplication app = new()
        {
            KeepsHouse = false,
            FurtherServices = services => services.AddSingleton(provider => RepositoryWithGap.Of<IKeyringRepository>(
                Repositories.Keyring, nameof(IKeyringRepository.FindTenantKeyAsync), RotateOnce)),
        };
        running = app;
        id = (await app.FirstTenantAsync()).ToString();
        using HttpClient client = app.Client();
        const string body = """{"algorithm":"AES-256","name":"read"}""";
        string kid = (await client.PostOnceAsync("read", "/kms/keys/generate", body)).Text("kid");
        app.Time.Pass(_untilKeysAreReadAnew);

        isArmed = true;
        await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid });
        isArmed.Should().BeFalse("the rotation was in between");

        isArmed = true;
        (await client.PostOnceAsync("read", "/kms/keys/generate", body)).Text("kid").Should().Be(kid);
        isArmed.Should().BeFalse("the rotation was in between");
        app.Log.Text.Should().NotContain("Critical ");

        void RotateOnce()
        {
            if (!isArmed)
                return;

            isArmed = false;
            Task.Run(() => running!.RotateTenantKeyAsync(id)).GetAwaiter().GetResult().Destroyed.Should().Be(1);
        }
    }

    /// <summary>Two rotations at once, of the same tenant: one key is in use afterwards, whoever made it, and all opens.</summary>
    [Fact]
    public async Task Two_rotations_at_once_end_with_one_key()
    {
        using HttpClient client = _app.Client();
        await client.FurnishAsync();
        for (int i = 0; i < 10; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => _app.RotateTenantKeyAsync(_id))));
            using Database database = _app.OpenDatabase();
            database.ShouldHaveOneTenantKey(_id);
        }

        await ShouldBeWholeAsync();
    }

    /// <summary>A rotation that wraps by a key which another one has replaced meanwhile goes on with the newer one.</summary>
    [Fact]
    public async Task A_rotation_that_is_overtaken_goes_on_with_the_newer_key()
    {
        using HttpClient client = _app.Client();
        await client.FurnishAsync();
        OnceBeforeAWrite(() => _app.RotateTenantKeyAsync(_id), typeof(int));

        (await _app.RotateTenantKeyAsync(_id)).Left.Should().BeEmpty();

        using (Database database = _app.OpenDatabase())
            database.ShouldHaveOneTenantKey(_id);

        await ShouldBeWholeAsync();
    }

    /// <summary>
    /// Rotations one after the other while others generate, rotate, use, repeat and destroy: nobody is told anything but 503.
    /// </summary>
    [Fact]
    public async Task Requests_go_on_beside_rotations()
    {
        using HttpClient client = _app.Client();
        using CancellationTokenSource end = new();
        Task<List<string>>[] load = [.. Enumerable.Range(0, 3).Select(i => Task.Run(() => UseAsync(client, $"n{i}", end.Token)))];
        for (int i = 0; i < 8; i++)
        {
            (await _app.RotateTenantKeyAsync(_id)).Left.Should().BeEmpty();
            await Task.Delay(20);
        }

        await end.CancelAsync();
        (await Task.WhenAll(load)).SelectMany(problems => problems).Should().BeEmpty();
        (await _app.RotateTenantKeyAsync(_id)).Left.Should().BeEmpty();
        using (Database database = _app.OpenDatabase())
            database.ShouldHaveOneTenantKey(_id);

        _app.Log.Text.Should().NotContain("Critical ");
        await ShouldBeWholeAsync();
    }

    private static async Task<List<string>> UseAsync(HttpClient client, string name, CancellationToken end)
    {
        List<string> problems = [];
        int count = 0;
        while (!end.IsCancellationRequested)
        {
            string once = $"{name}-{count++}";
            Answer made = await client.PostOnceAsync(once, "/kms/keys/generate", $$"""{"algorithm":"AES-256","name":"{{once}}"}""");
            if (made.Status == HttpStatusCode.ServiceUnavailable)
                continue;

            string kid = made.ShouldBe(HttpStatusCode.Created).Text("kid");
            Answer repeated = await client.PostOnceAsync(once, "/kms/keys/generate", $$"""{"algorithm":"AES-256","name":"{{once}}"}""");
            Answer used = await client.UseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid });
            if (repeated.Status != HttpStatusCode.Created || used.Status != HttpStatusCode.OK)
                problems.Add($"{once}: {repeated.Status}, {used.Status}");
        }

        return problems;
    }

    private void OnceBeforeAWrite(Func<Task> action, Type? result = null)
    {
        bool isDone = false;
        _beforeWrites = async type =>
        {
            if (isDone || (result is not null && type != result))
                return;

            isDone = true;
            await action();
        };
    }

    private Task BeforeWriteAsync(Type type) => _beforeWrites?.Invoke(type) ?? Task.CompletedTask;

    private async Task ShouldBeWholeAsync()
    {
        using (Database database = TestStorage.OpenUntouched(_app.DataDirectory))
        {
            database.Scalar(
                "SELECT COUNT(*) FROM key_material m JOIN keyring k ON k.id = m.wrapping_key_id WHERE k.state <> 1").Should().Be(0L);
            database.Scalar(
                "SELECT COUNT(*) FROM idempotency i JOIN keyring k ON k.id = i.wrapping_key_id WHERE k.state <> 1").Should().Be(0L);
        }

        (int exitCode, string output) = await Verify.RunAsync(_app.DataDirectory);
        exitCode.Should().Be(0, output);
    }
}
