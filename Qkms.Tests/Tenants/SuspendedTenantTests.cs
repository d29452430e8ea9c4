using System.Diagnostics;
using Qkms.Api.Http;
using Qkms.Tests.ApiKeys;
using Qkms.Tests.Devices;

namespace Qkms.Tests.Tenants;

/// <summary>14.1: a suspended tenant is shut out at once, in the middle of requests too, and nothing of it is lost.</summary>
public sealed class SuspendedTenantTests : ServiceTests
{
    private const string Rest = "\"plaintext\":\"AAAA\"}";

    // The server gives up a body that brings less than 10 kB in each second: after so much it bears a pause of 100 seconds.
    private static readonly string _begun = new string(' ', 1_000_000) + "{";

    private Func<Task>? _beforeWrite;
    private Func<Task>? _beforeRead;
    private int _reads;
    private ManualTime _time = ManualTime.Running();

    /// <summary>14.1: the next request of each of its API keys is refused, on every route; resumed, all is there.</summary>
    [Fact]
    public async Task Every_request_is_refused_until_it_is_resumed()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        string user = (await theirs.CreateApiKeyAsync()).Text("api_key");
        byte[] ciphertext = (await EncryptAsync(theirs)).Bytes("ciphertext");

        Answer suspended = (await Client.ActOnTenantAsync(id, "suspend", """{"reason":"not paid"}""")).ShouldBe(HttpStatusCode.OK);

        suspended.Text("state").Should().Be("suspended");
        (await EncryptAsync(theirs)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        (await theirs.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        (await theirs.GetJsonAsync("/api-keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        (await theirs.GetJsonAsync("/nowhere")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        (await theirs.PostJsonAsync("/crypto/encrypt", "nonsense")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        (await App.AskWithAsync(user)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");

        // Others go on, and who has no API key of it learns nothing.
        (await Client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        (await App.AskWithAsync(ForgedKeys.WithSecretOf(user, App.InitialApiKey)))
            .ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");

        (await Client.ActOnTenantAsync(id, "resume")).ShouldBe(HttpStatusCode.OK).Text("state").Should().Be("active");

        (await theirs.MustUseAsync("/crypto/decrypt", new { ciphertext })).Text("plaintext").Should().Be("AAAA");
        (await App.AskWithAsync(user)).ShouldBe(HttpStatusCode.OK);
        (string, string, string?)[] told = [("tenant.suspended", id, "not paid"), ("tenant.resumed", id, null)];
        (await theirs.TenantEventsAsync()).Skip(1).Should().Equal(told);
        (await Client.TenantEventsAsync()).Where(one => one.Id == id).Skip(1).Should().Equal(told);
    }

    /// <summary>14.1: it stays as it is when it is suspended or resumed twice, at the same time too; that is told once.</summary>
    [Fact]
    public async Task Suspended_twice_is_suspended_once()
    {
        (string id, HttpClient theirs) = await MakeAsync();

        Answer[] suspended = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Client.ActOnTenantAsync(id, "suspend")));
        (await Client.ActOnTenantAsync(id, "suspend")).ShouldBe(HttpStatusCode.OK);
        Answer[] resumed = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Client.ActOnTenantAsync(id, "resume")));

        suspended.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK && answer.Text("state") == "suspended");
        resumed.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK && answer.Text("state") == "active");
        (await theirs.TenantEventsAsync()).Select(one => one.Action).Should().Equal(
            "tenant.created", "tenant.suspended", "tenant.resumed");
    }

    /// <summary>14.1: an operator does not shut himself out; another one may.</summary>
    [Fact]
    public async Task An_operator_does_not_suspend_his_own_tenant()
    {
        string own = (await Client.OwnApiKeyAsync()).Text("tenant_id");

        (await Client.ActOnTenantAsync(own, "suspend")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_TENANT_002");
        (await Client.GetJsonAsync($"/tenants/{own}")).Text("state").Should().Be("active");
        (await Client.ActOnTenantAsync(own, "resume")).ShouldBe(HttpStatusCode.OK);

        using HttpClient other = App.ClientFor(await App.CreateTenantAsync("platform", Roles.Operator));
        (await other.ActOnTenantAsync(own, "suspend")).ShouldBe(HttpStatusCode.OK);
        (await Client.GetJsonAsync("/tenants")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        (await other.ActOnTenantAsync(own, "resume")).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>14.1: of two operators who suspend each other's tenant at the same time one is too late.</summary>
    [Fact]
    public async Task Two_operators_do_not_suspend_each_other()
    {
        string own = (await Client.OwnApiKeyAsync()).Text("tenant_id");
        using HttpClient other = App.ClientFor(await App.CreateTenantAsync("platform", Roles.Operator | Roles.Admin));
        string others = (await other.OwnApiKeyAsync()).Text("tenant_id");

        Answer[] answers = await Task.WhenAll(Client.ActOnTenantAsync(others, "suspend"), other.ActOnTenantAsync(own, "suspend"));

        answers.Select(answer => answer.Status).Should().BeEquivalentTo([HttpStatusCode.OK, HttpStatusCode.Forbidden]);
    }

    /// <summary>14.1: a body that is wrong, or a reason that is none, is refused with the field named, and suspends nothing.</summary>
    [Theory]
    [InlineData("""{"reason":7}""", "reason")]
    [InlineData("""{"until":"2034-01-02T03:04:05Z"}""", "until")]
    [InlineData("""{"reason":"a\u0000"}""", "reason")]
    [InlineData("[]", "(body)")]
    public async Task A_bad_request_suspends_nothing(string body, string field)
    {
        (string id, HttpClient theirs) = await MakeAsync();

        (await Client.ActOnTenantAsync(id, "suspend", body)).ShouldBlame(field);
        (await EncryptAsync(theirs)).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>14.1: a use that was let in, and is recorded after the suspension, is refused and not recorded.</summary>
    [Fact]
    public async Task A_use_in_the_middle_is_refused()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        await EncryptAsync(theirs);
        long uses = Uses();
        _beforeWrite = () => Client.ActOnTenantAsync(id, "suspend");

        (await EncryptAsync(theirs)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        Uses().Should().Be(uses);

        await Client.ActOnTenantAsync(id, "resume");
        _beforeWrite = () => Client.ActOnTenantAsync(id, "suspend");
        (await theirs.UseAsync("/crypto/encrypt", new { items = new[] { new { plaintext = "AAAA" }, new { plaintext = "AAAA" } } }))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        Uses().Should().Be(uses);
    }

    /// <summary>14.1: uses of other tenants in the same batch are recorded.</summary>
    [Fact]
    public async Task Uses_of_others_in_the_same_batch_are_answered()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        await Client.GenerateAsync("AES-256");
        await EncryptAsync(Client);
        TaskCompletionSource gap = new();
        _beforeWrite = () => gap.Task;
        Task<Answer> first = EncryptAsync(Client);
        await Eventually.HoldsAsync(() => Task.FromResult(_beforeWrite is null));
        Task<Answer>[] both = [EncryptAsync(theirs), EncryptAsync(Client), EncryptAsync(theirs), EncryptAsync(Client)];

        // They wait for the batch before theirs, which waits for this.
        await Client.ActOnTenantAsync(id, "suspend");
        gap.SetResult();

        (await first).ShouldBe(HttpStatusCode.OK);
        Answer[] answers = await Task.WhenAll(both);
        answers[1].ShouldBe(HttpStatusCode.OK);
        answers[3].ShouldBe(HttpStatusCode.OK);
        foreach (int i in new[] { 0, 2 })
            answers[i].ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
    }

    /// <summary>14.1: a change that was let in, and is written after the suspension, is refused, and nothing of it is written.</summary>
    [Fact]
    public async Task A_change_in_the_middle_is_refused()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        string kid = (await theirs.GetJsonAsync("/kms/keys")).Data["keys"]![0]!["kid"]!.ToString();
        object? keys = Count("key_versions"), credentials = Count("credentials"), kept = Count("idempotency");
        foreach (Func<Task<Answer>> change in new Func<Task<Answer>>[]
        {
            () => theirs.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256","name":"other"}"""),
            () => theirs.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}"""),
            () => theirs.PostOnceAsync("a", "/kms/keys/generate", """{"algorithm":"AES-256","name":"once"}"""),
            () => theirs.RevokeAsync(kid),
            () => theirs.SendJsonAsync(HttpMethod.Patch, $"/kms/keys/{kid}", """{"max_usage_limit":7}"""),
            () => theirs.CreateApiKeyAsync(),
            () => theirs.RegisterAsync(algorithm: "ML-KEM-768"),
        })
        {
            _beforeWrite = () => Client.ActOnTenantAsync(id, "suspend");

            (await change()).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
            (await Client.ActOnTenantAsync(id, "resume")).ShouldBe(HttpStatusCode.OK);
        }

        (await theirs.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("active");
        (Count("key_versions"), Count("credentials"), Count("idempotency")).Should().Be((keys, credentials, kept));
    }

    /// <summary>14.1: what is not recorded is asked for again when it is done.</summary>
    [Theory]
    [InlineData("off", "/crypto/encrypt", "suspend")]
    [InlineData("off", "/data-keys/generate", "suspend")]
    [InlineData("durable", "/signature/verify", "suspend")]
    [InlineData("off", "/crypto/encrypt", "order its deletion")]
    [InlineData("off", "/data-keys/generate", "delete")]
    [InlineData("off", "/signature/sign", "delete")]
    [InlineData("durable", "/signature/verify", "delete")]
    public async Task A_use_in_the_middle_that_is_not_recorded_is_refused(string uses, string route, string what)
    {
        // What happens in between may take long, and would have the caller be looked at again before his key is.
        _time = ManualTime.Standing();
        App.Settings["Qkms:Audit:Uses"] = uses;
        (string id, HttpClient theirs) = await MakeAsync();
        await theirs.GenerateAsync("ML-DSA-65");
        string signature = (await theirs.MustUseAsync("/signature/sign", new { message = "AAAA" })).Text("signature");
        object body = route switch
        {
            "/signature/verify" => new { message = "AAAA", signature },
            "/signature/sign" => new { message = "AAAA" },
            "/crypto/encrypt" => new { plaintext = "AAAA" },
            _ => new { },
        };
        Task<Answer> UseAsync() => theirs.UseAsync(route, body);
        (await UseAsync()).ShouldBe(HttpStatusCode.OK);

        // The first read is that of the API key, and the next one that of the key.
        App.Time.OutliveCaches();
        _reads = 1;
        _beforeRead = async () =>
        {
            if (what == "suspend")
            {
                (await Client.ActOnTenantAsync(id, "suspend")).ShouldBe(HttpStatusCode.OK);
                return;
            }

            (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
            if (what == "delete")
                (await App.DeleteDueAsync(TenantDeletionVerbs.Week)).Should().Be(1);
        };

        // Of a deleted tenant there is no key to be found.
        (HttpStatusCode status, string code) =
            what == "delete" ? (HttpStatusCode.NotFound, "ERR_KMS_003") : (HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        (await UseAsync()).ShouldBeRefused(status, code);
        _beforeRead.Should().BeNull();
    }

    /// <summary>14.1: after a body that took its time the caller is looked at again: suspended, revoked or narrowed.</summary>
    [Theory]
    [InlineData("suspend", HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003", true)]
    [InlineData("revoke", HttpStatusCode.Unauthorized, "ERR_AUTH_001", true)]
    [InlineData("narrow", HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002", true)]
    [InlineData("suspend", HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003", false)]
    [InlineData("revoke", HttpStatusCode.Unauthorized, "ERR_AUTH_001", false)]
    [InlineData("narrow", HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002", false)]
    public async Task After_a_slow_body_the_caller_is_looked_at_again(string what, HttpStatusCode status, string code, bool isChunked)
    {
        App.StartOnKestrel().Dispose();
        using HttpClient operators = App.KestrelClient();
        Answer made = await operators.CreateTenantAsync("slow");
        using HttpClient theirs = App.KestrelClient(made.InitialApiKey());
        await theirs.GenerateAsync("AES-256");
        Answer apiKey = (await theirs.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);
        string id = apiKey.Text("api_key_id");
        string framing = isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {_begun.Length + Rest.Length}";
        (string begun, string rest) = isChunked
            ? ($"{_begun.Length + Rest.Length:x}\r\n{_begun}", $"{Rest}\r\n0\r\n\r\n")
            : (_begun, Rest);
        using RawConnection connection = await RawConnection.OpenAsync(operators.BaseAddress!);
        await connection.SendAsync(
            $"POST /crypto/encrypt HTTP/1.1\r\nHost: x\r\nx-api-key: {apiKey.Text("api_key")}\r\nContent-Type: application/json\r\n"
            + $"{framing}\r\n\r\n{begun}");
        BodyMemory memory = App.Services.GetRequiredService<BodyMemory>();
        await Eventually.HoldsAsync(() => Task.FromResult(memory.Taken > 0));

        Answer done = what switch
        {
            "suspend" => await operators.ActOnTenantAsync(made.Text("tenant_id"), "suspend"),
            "revoke" => await theirs.ActOnApiKeyAsync(id, "revoke"),
            _ => await theirs.UpdateApiKeyAsync(id, """{"permissions":["keys:read"]}"""),
        };
        done.ShouldBe(HttpStatusCode.OK);
        App.Time.OutliveCaches();
        await connection.SendAsync(rest);

        (await connection.ReadAsync()).ShouldBeRefused(status, code);
    }

    /// <summary>14.1: a slow body of a caller who still may is answered, and paid for once.</summary>
    [Fact]
    public async Task A_slow_body_of_who_still_may_is_answered()
    {
        App.StartOnKestrel().Dispose();
        using HttpClient operators = App.KestrelClient();
        await operators.GenerateAsync("AES-256");
        using RawConnection connection = await RawConnection.OpenAsync(operators.BaseAddress!);
        await connection.SendAsync(
            $"POST /crypto/encrypt HTTP/1.1\r\nHost: x\r\nx-api-key: {App.InitialApiKey}\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {_begun.Length + Rest.Length}\r\n\r\n{_begun}");
        BodyMemory memory = App.Services.GetRequiredService<BodyMemory>();
        await Eventually.HoldsAsync(() => Task.FromResult(memory.Taken > 0));

        App.Time.OutliveCaches();
        await connection.SendAsync(Rest);

        (await connection.ReadAsync()).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>14.1: while 20 callers encrypt, none succeeds that is counted after the suspension was answered.</summary>
    [Fact]
    public async Task Nobody_succeeds_after_the_answer()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        long suspendedAt = long.MaxValue;
        long succeeded = 0;
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        Task<long>[] callers = [.. Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                limit.Token.ThrowIfCancellationRequested();
                long begun = Stopwatch.GetTimestamp();
                Answer answer = await EncryptAsync(theirs);
                if (answer.Status == HttpStatusCode.OK)
                {
                    Interlocked.Increment(ref succeeded);
                    begun.Should().BeLessThan(Interlocked.Read(ref suspendedAt));
                    continue;
                }

                answer.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
                return begun;
            }
        }))];
        await Eventually.HoldsAsync(() => Task.FromResult(Interlocked.Read(ref succeeded) > 100));

        (await Client.ActOnTenantAsync(id, "suspend")).ShouldBe(HttpStatusCode.OK);
        Interlocked.Exchange(ref suspendedAt, Stopwatch.GetTimestamp());
        long uses = Uses();

        await Task.WhenAll(callers);
        Uses().Should().Be(uses).And.Be(succeeded);
    }

    private protected override QkmsApplication NewApplication() => new()
    {
        KeepsHouse = false,
        Time = _time,
        StoreInFront = store => new StoreWithGaps(store, this),
    };

    // Its key is there.
    private async Task<(string Id, HttpClient Client)> MakeAsync()
    {
        Answer made = (await Client.CreateTenantAsync("theirs")).ShouldBe(HttpStatusCode.Created);
        HttpClient theirs = App.ClientFor(made.InitialApiKey());
        (await theirs.GenerateAsync("AES-256")).ShouldBe(HttpStatusCode.Created);
        return (made.Text("tenant_id"), theirs);
    }

    private static Task<Answer> EncryptAsync(HttpClient client) => client.UseAsync("/crypto/encrypt", new { plaintext = "AAAA" });

    private long Uses()
    {
        using Database database = App.OpenDatabase();
        return Convert.ToInt64(database.Scalar("SELECT SUM(used) FROM key_usage"), System.Globalization.CultureInfo.InvariantCulture);
    }

    private object? Count(string table)
    {
        using Database database = App.OpenDatabase();
        return database.Scalar($"SELECT COUNT(*) FROM {table}");
    }

    /// <summary>Lets something else happen before the next write, or the next read, and once.</summary>
    private sealed class StoreWithGaps(IKmsStore store, SuspendedTenantTests test) : IKmsStore
    {
        public string Description => store.Description;

        public bool IsEmbedded => store.IsEmbedded;

        public Task OpenAsync(CancellationToken cancellationToken) => store.OpenAsync(cancellationToken);

        public void WhenServerChanges(Action action) => store.WhenServerChanges(action);

        public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
        {
            if (Interlocked.Exchange(ref test._beforeWrite, null) is { } gap)
                await gap();

            return await store.WriteAsync(work, cancellationToken);
        }

        public async Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
        {
            if (test._beforeRead is not null
                && Interlocked.Decrement(ref test._reads) < 0
                && Interlocked.Exchange(ref test._beforeRead, null) is { } gap)
                await gap();

            return await store.ReadAsync(work, cancellationToken);
        }

        public Task<T> ReadAsideAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
            store.ReadAsideAsync(work, cancellationToken);

        public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
            store.UpgradeAsync(work, cancellationToken);

        public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => store.EraseRemainsAsync(cancellationToken);

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }
}
