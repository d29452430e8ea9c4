using Microsoft.AspNetCore.Routing;
using Qkms.Api.Http;
using Qkms.Api.Idempotency;
using Qkms.Core.ApiKeys;
using Qkms.Core.Idempotency;

namespace Qkms.Tests.Idempotency;

/// <summary>Requests with an Idempotency-Key: done once, and answered like the first time.</summary>
public sealed class IdempotencyKeyTests : ServiceTests
{
    private const string Generate = "/kms/keys/generate";
    private const string Rotate = "/kms/keys/rotate";
    private const string Kem = """{"algorithm":"ML-KEM-768"}""";

    // Q-47: every change, in the order in which a key lives; each is sent three times.
    [Fact]
    public async Task Every_change_is_done_once_and_answered_like_the_first_time()
    {
        string first = (await ThriceAsync(App, Client, HttpMethod.Post, Generate, """{"algorithm":"Kyber768"}""", HttpStatusCode.Created))
            .Text("kid");
        string second = (await ThriceAsync(App, Client, HttpMethod.Post, Rotate, Kem, HttpStatusCode.Created)).Text("kid");
        await ThriceAsync(
            App,
            Client,
            HttpMethod.Post,
            "/kms/keys/retire",
            """{"algorithm":"ML-KEM-768","key_version":2,"allow_no_active":true}""",
            HttpStatusCode.OK);
        await ThriceAsync(App, Client, HttpMethod.Post, $"/kms/keys/{first}/actions/revoke", null, HttpStatusCode.NoContent);
        await ThriceAsync(App, Client, HttpMethod.Delete, $"/kms/keys/{second}", """{"waiting_days":7}""", HttpStatusCode.Accepted);
        await ThriceAsync(App, Client, HttpMethod.Post, $"/kms/keys/{second}/actions/cancel-deletion", "{}", HttpStatusCode.OK);

        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
        (await App.FindVersionAsync(second)).Version.State.Should().Be(KeyState.Retired);
    }

    // Q-47: whatever has become of the key meanwhile.
    [Fact]
    public async Task The_answer_is_that_of_the_first_time()
    {
        await ShareServiceAsync();
        Answer first = await Client.PostOnceAsync("a", Generate, Kem);
        await Client.RotateAsync();
        await Client.RevokeAsync(first.Text("kid"));

        Answer again = await Client.PostOnceAsync("a", Generate, Kem);

        again.ShouldBe(HttpStatusCode.Created).Data.ToJsonString().Should().Be(first.Data.ToJsonString());
        again.Text("status").Should().Be("active");
        again.Headers["X-Request-ID"].Should().NotBe(first.Headers["X-Request-ID"]);
        ((string?)again.Json["request_id"]).Should().Be(again.Headers["X-Request-ID"]);
        first.Headers.Should().NotContainKey("Idempotency-Replayed");
        again.Headers["Idempotency-Replayed"].Should().Be("true");
        again.Headers.Keys.Except(["Idempotency-Replayed"]).Should().BeEquivalentTo(first.Headers.Keys);
    }

    /// <summary>F-23: an API key that was limited to other names since is refused as it would be for a new request.</summary>
    [Fact]
    public async Task A_kept_result_is_not_given_to_an_api_key_that_was_narrowed_since()
    {
        string apiKey = await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Admin);
        using HttpClient client = App.ClientFor(apiKey);
        const string Named = """{"algorithm":"ML-KEM-768","name":"payments"}""";
        const string Retire = """{"algorithm":"ML-KEM-768","name":"payments","key_version":2,"allow_no_active":true}""";
        string first = (await client.PostOnceAsync("1", Generate, Named)).Text("kid");
        string second = (await client.PostOnceAsync("2", Rotate, Named)).Text("kid");
        (HttpMethod Verb, string Path, string? Body, bool IsNew)[] changes =
        [
            (HttpMethod.Post, Generate, Named, true),
            (HttpMethod.Post, Rotate, Named, false),
            (HttpMethod.Post, "/kms/keys/retire", Retire, false),
            (HttpMethod.Post, $"/kms/keys/{first}/actions/revoke", null, false),
            (HttpMethod.Delete, $"/kms/keys/{second}", """{"waiting_days":7}""", false),
            (HttpMethod.Post, $"/kms/keys/{second}/actions/cancel-deletion", "{}", false),
        ];
        for (int i = 0; i < changes.Length; i++)
        {
            (HttpMethod verb, string path, string? body, _) = changes[i];
            ((int)(await client.SendOnceAsync($"{i + 1}", verb, path, body)).Status).Should().BeInRange(200, 204, path);
        }

        await NarrowAsync(apiKey, "orders/*");

        for (int i = 0; i < changes.Length; i++)
        {
            (HttpMethod verb, string path, string? body, bool isNew) = changes[i];
            Answer answer = await client.SendOnceAsync($"{i + 1}", verb, path, body);
            if (isNew)
                answer.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
            else
                answer.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        }

        await NarrowAsync(apiKey, "payments");
        (await client.PostOnceAsync("1", Generate, Named)).ShouldBe(HttpStatusCode.Created).Text("kid").Should().Be(first);
        (await client.SendOnceAsync("4", HttpMethod.Post, $"/kms/keys/{first}/actions/revoke", null)).ShouldBe(HttpStatusCode.NoContent);

        async Task NarrowAsync(string narrowed, string scope)
        {
            RowSealer sealer = App.Services.GetRequiredService<RowSealer>();
            await App.Services.GetRequiredService<IKmsStore>().WriteAsync(
                async session =>
                {
                    Credential found = sealer.Open(
                        (await Repositories.Credentials.FindByLookupIdAsync(session, Credential.ApiKeyKind, narrowed[5..17]))!);
                    return await Repositories.Credentials.UpdateAsync(session, sealer.Seal(found with { KeyScope = scope }));
                },
                CancellationToken.None);
            App.Services.GetRequiredService<ApiKeyAuthenticator>().ForgetAll();
        }
    }

    // Q-47: what is meant counts, not how it is written; the address has the prefix that is asked.
    [Fact]
    public async Task White_space_the_order_of_members_and_the_prefix_make_no_other_request()
    {
        await ShareServiceAsync();
        Answer first = await Client.PostOnceAsync("a", Generate, """{"algorithm":"ML-KEM-768","name":"x"}""");

        Answer again = await Client.PostOnceAsync("a", $"/api/v1{Generate}", """ { "kid":null, "name":"x", "algorithm":"ML-KEM-768" } """);

        again.ShouldBe(HttpStatusCode.Created).Text("kid").Should().Be(first.Text("kid"));
        again.Headers["Location"].Should().Be($"/api/v1/kms/keys/{first.Text("kid")}");
        first.Headers["Location"].Should().Be($"/kms/keys/{first.Text("kid")}");
    }

    // Q-47
    [Fact]
    public async Task A_key_that_stands_for_another_request_is_refused_and_changes_nothing()
    {
        string kid = (await Client.PostOnceAsync("a", Generate, Kem)).ShouldBe(HttpStatusCode.Created).Text("kid");
        string other = (await Client.GenerateRetiredAsync(name: "other")).Text("kid");
        object? before = Events(App);

        (await Client.PostOnceAsync("a", Generate, """{"algorithm":"ML-KEM-1024"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        (await Client.PostOnceAsync("a", Generate, """{"algorithm":"Kyber768"}""")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        (await Client.PostOnceAsync("a", Rotate, Kem)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        (await Client.PostOnceAsync("a", $"/kms/keys/{kid}/actions/revoke", null)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        (await Client.SendOnceAsync("b", HttpMethod.Delete, $"/kms/keys/{other}", null)).ShouldBe(HttpStatusCode.Accepted);
        (await Client.SendOnceAsync("b", HttpMethod.Delete, $"/kms/keys/{kid}", null))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        (await Client.PostOnceAsync("b", $"/kms/keys/{other}/actions/cancel-deletion", null))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        (await Client.PostOnceAsync("A", Rotate, Kem)).ShouldBe(HttpStatusCode.Created);

        Events(App).Should().Be((long)before! + 3);
    }

    // Q-47, Q-32: answers are shown to whom they were given.
    [Fact]
    public async Task Another_api_key_is_refused_and_another_tenant_knows_nothing_of_it()
    {
        using HttpClient colleague = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Admin));
        using HttpClient user = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.User));
        using HttpClient stranger = App.ClientFor(await App.CreateTenantAsync("stranger"));
        string kid = (await Client.PostOnceAsync("a", Generate, Kem)).Text("kid");

        (await colleague.PostOnceAsync("a", Generate, Kem)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        (await user.PostOnceAsync("a", Generate, Kem)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await stranger.PostOnceAsync("a", Generate, Kem)).ShouldBe(HttpStatusCode.Created).Text("kid").Should().NotBe(kid);
        (await Client.PostOnceAsync("a", Generate, Kem)).Text("kid").Should().Be(kid);
    }

    // Q-47: on one connection or many, on one node or several.
    [Theory]
    [InlineData(Generate)]
    [InlineData(Rotate)]
    public async Task Of_many_at_once_one_is_done_and_all_get_its_answer(string path)
    {
        if (path == Rotate)
            await Client.GenerateAsync();

        for (int round = 1; round <= 5; round++)
        {
            string body = path == Rotate ? Kem : $$"""{"algorithm":"ML-KEM-768","name":"r{{round}}"}""";
            Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Client.PostOnceAsync($"k{round}", path, body)));

            answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.Created);
            answers.Select(answer => answer.Data.ToJsonString()).Distinct().Should().ContainSingle();
            answers.Count(answer => !answer.Headers.ContainsKey("Idempotency-Replayed")).Should().Be(1);
            (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(path == Rotate ? round + 1 : round);
        }
    }

    // Q-47: of two different requests with one key at once, one is done.
    [Fact]
    public async Task Of_two_different_requests_at_once_one_is_refused()
    {
        for (int round = 0; round < 5; round++)
        {
            Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(
                i => Client.PostOnceAsync($"k{round}", Generate, $$"""{"algorithm":"ML-KEM-512","name":"r{{round}}-{{i}}"}""")));

            answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);
            foreach (Answer refused in answers.Where(answer => answer.Status != HttpStatusCode.Created))
                refused.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        }

        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(5);
    }

    // Q-47: a refusal has changed nothing, so the same request may succeed later.
    [Fact]
    public async Task A_refusal_is_not_kept()
    {
        await ShareServiceAsync();
        (await Client.PostOnceAsync("a", Rotate, Kem)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        await Client.GenerateAsync();
        (await Client.PostOnceAsync("a", Rotate, Kem)).ShouldBe(HttpStatusCode.Created).Number("key_version").Should().Be(2);

        (await Client.PostOnceAsync("b", Generate, Kem)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_004");
        await Client.RetireAsync(2, extra: new { allow_no_active = true });
        (await Client.PostOnceAsync("b", Generate, Kem)).ShouldBe(HttpStatusCode.Created).Number("key_version").Should().Be(3);
        (await Client.PostOnceAsync("b", Generate, """{"algorithm":"ML-KEM-768","nonsense":1}"""))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
    }

    // Q-47
    [Fact]
    public async Task After_24_hours_a_key_is_new_again_and_its_row_is_gone()
    {
        await Client.GenerateAsync();
        await Client.PostOnceAsync("a", Rotate, Kem);
        KeptResults results = App.Services.GetRequiredService<KeptResults>();
        await App.LeaveDueWorkAsync();
        App.Time.Pass(TimeSpan.FromHours(23.9));
        await results.ForgetExpiredAsync(CancellationToken.None);
        (await Client.PostOnceAsync("a", Rotate, Kem)).Number("key_version").Should().Be(2);

        App.Time.Pass(TimeSpan.FromHours(0.2));
        (await Client.PostOnceAsync("a", Rotate, Kem)).ShouldBe(HttpStatusCode.Created).Number("key_version").Should().Be(3);

        App.Time.Pass(TimeSpan.FromHours(24.1));
        using Database database = App.OpenDatabase();
        database.Scalar("SELECT COUNT(*) FROM idempotency").Should().Be(1L);
        await results.ForgetExpiredAsync(CancellationToken.None);
        database.Scalar("SELECT COUNT(*) FROM idempotency").Should().Be(0L);
    }

    // Q-47
    [Theory]
    [InlineData("two words")]
    [InlineData("schl\u00fcssel")]
    [InlineData("tab\there")]
    [InlineData(null)]
    public async Task A_key_that_is_none_is_refused_by_the_name_of_the_header(string? key)
    {
        using HttpClient user = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.User));
        key ??= new string('x', 256);

        (await Client.PostOnceAsync(key, Generate, Kem)).ShouldBlame("Idempotency-Key");
        (await user.PostOnceAsync(key, Generate, Kem)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await Client.PostOnceAsync(new string('x', 255), Generate, Kem)).ShouldBe(HttpStatusCode.Created);
    }

    // Over a real connection: the server of the other tests passes over an empty header.
    [Fact]
    public async Task A_key_that_is_given_twice_or_empty_is_refused()
    {
        using HttpClient client = App.StartOnKestrel();

        (await client.PostOnceAsync("", Generate, Kem)).ShouldBlame("Idempotency-Key");
        (await client.PostOnceAsync(" ", Generate, Kem)).ShouldBlame("Idempotency-Key");
        client.DefaultRequestHeaders.Add("Idempotency-Key", ["a", "b"]);
        (await client.PostJsonAsync(Generate, Kem)).ShouldBlame("Idempotency-Key");
    }

    // Where nothing is changed a key has no meaning, and each request gets an answer of its own.
    [Fact]
    public async Task Uses_of_keys_and_questions_pass_over_it()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes);

        Answer[] answers =
            [await Client.PostOnceAsync("a", "/data-keys/generate", "{}"), await Client.PostOnceAsync("a", "/data-keys/generate", "{}")];

        answers.Select(answer => answer.ShouldBe(HttpStatusCode.OK).Text("plaintext")).Should().OnlyHaveUniqueItems();
        answers.Should().OnlyContain(answer => !answer.Headers.ContainsKey("Idempotency-Replayed"));
        (await Client.SendOnceAsync("not a key", HttpMethod.Get, "/kms/keys", null)).ShouldBe(HttpStatusCode.OK);
        using Database database = App.OpenDatabase();
        database.Scalar("SELECT COUNT(*) FROM idempotency").Should().Be(0L);
    }

    // Q-47: what takes a permission to change takes a key.
    [Fact]
    public void Every_route_that_changes_something_takes_a_key()
    {
        Permission[] changing =
        [
            Permission.KeysGenerate, Permission.KeysRotate, Permission.KeysRetire, Permission.KeysRevoke, Permission.KeysDestroy,
            Permission.KeysCancelDeletion, Permission.KeysUpdate,
            Permission.DevicesGenerate, Permission.DevicesRotate, Permission.DevicesRevoke,
            Permission.ApiKeysCreate, Permission.ApiKeysUpdate, Permission.ApiKeysDisable, Permission.ApiKeysRotate,
            Permission.ApiKeysRevoke, Permission.TenantsCreate, Permission.TenantsUpdate, Permission.TenantsSuspend,
            Permission.TenantsDelete, Permission.TenantsCancelDeletion,
        ];

        foreach (RouteEndpoint route in App.RoutesOfApi())
        {
            bool changes = route.Metadata.GetMetadata<RequiredPermission>() is { } required && changing.Contains(required.Permission);
            (route.Metadata.GetMetadata<TakesIdempotencyKey>() is not null).Should().Be(changes, route.DisplayName);
        }
    }

    // Whoever can write to the database must not put a public key of his own into somebody's answer.
    [Theory]
    [InlineData("response", "zeroblob(length(response))")]
    [InlineData("response", "(SELECT response FROM idempotency WHERE idempotency_key = 'b')")]
    [InlineData("response", "x''")]
    [InlineData("request_hash", "zeroblob(32)")]
    [InlineData("created_at", "created_at + 1")]
    [InlineData("expires_at", "expires_at + 1")]
    [InlineData("expires_at", "9223372036854775807")]
    [InlineData("wrapping_key_id", "zeroblob(16)")]
    public async Task A_kept_answer_that_was_changed_is_not_given(string column, string value)
    {
        await Client.PostOnceAsync("a", Generate, Kem);
        await Client.PostOnceAsync("b", Rotate, Kem);
        using (Database database = App.OpenDatabase())
        {
            database.Execute($"UPDATE idempotency SET {column} = {value} WHERE idempotency_key = 'a'").Should().Be(1);
        }

        (await Client.PostOnceAsync("a", Generate, Kem)).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains("an answer that is kept for tenant", StringComparison.Ordinal));
        (await Client.PostOnceAsync("b", Rotate, Kem)).ShouldBe(HttpStatusCode.Created);
    }

    private static async Task<Answer> ThriceAsync(
        QkmsApplication app, HttpClient client, HttpMethod method, string path, string? body, HttpStatusCode status)
    {
        string key = $"{method}:{path}";
        Answer first = (await client.SendOnceAsync(key, method, path, body)).ShouldBe(status);
        first.Headers.Should().NotContainKey("Idempotency-Replayed");
        object? events = Events(app);
        for (int i = 0; i < 2; i++)
        {
            Answer again = (await client.SendOnceAsync(key, method, path, body)).ShouldBe(status);
            again.Headers["Idempotency-Replayed"].Should().Be("true");
            again.Headers.GetValueOrDefault("Location").Should().Be(first.Headers.GetValueOrDefault("Location"));
            if (status != HttpStatusCode.NoContent)
                again.Data.ToJsonString().Should().Be(first.Data.ToJsonString());
            else
                again.Body.Should().BeEmpty();
        }

        Events(app).Should().Be(events);
        return first;
    }

    private static object? Events(QkmsApplication app)
    {
        using Database database = app.OpenDatabase();
        return database.Scalar("SELECT COUNT(*) FROM audit_events");
    }
}
