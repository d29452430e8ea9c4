using System.Diagnostics;
using Qkms.Core.ApiKeys;
using Qkms.Tests.ApiKeys;
using Qkms.Tests.Aws;

namespace Qkms.Tests.Nodes;

/// <summary>
/// what one node revoked the others refuse within a second, however much they used it until then. The second is counted from the
/// answer to the revoke to the moment when a request begins that still succeeds. That needs no allowance for a slow machine: a
/// request that waits its turn began earlier than it was answered, and a node decides by what it read at most half a second before.
/// </summary>
public sealed class RevokeOnOtherNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    private static readonly TimeSpan _promise = TimeSpan.FromSeconds(1);

    [FactIf(Requirement.Postgres)]
    public async Task A_key_is_refused_by_the_other_node_for_every_operation()
    {
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(nodes.A, "revoked");
        List<Attempt> attempts = [.. uses.SelectMany(Choices)];
        attempts.Add(await ReEncryptAsync(uses));
        for (int round = 0; round < 2; round++)
        {
            foreach (Attempt attempt in attempts)
                (await attempt.Send(nodes.B)).ShouldBe(HttpStatusCode.OK);
        }

        Task<long>[] users =
            [.. attempts.Select(attempt => UseUntilRefusedAsync(nodes.B, attempt, HttpStatusCode.Conflict, "ERR_KMS_006"))];
        foreach (IGrouping<string, Attempt> key in attempts.GroupBy(attempt => attempt.Kid))
        {
            (await nodes.A.RevokeAsync(key.Key)).ShouldBe(HttpStatusCode.NoContent);
            foreach (Attempt attempt in key)
            {
                attempt.RevokedAt = Stopwatch.GetTimestamp();
                (await attempt.Send(nodes.A)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
            }
        }

        await ShouldKeepThePromiseAsync(attempts, users);
    }

    /// <summary>E-14: so it is with a key that is disabled, or is to be deleted, with all of its versions.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task A_key_that_is_switched_off_is_refused_by_the_other_node_for_every_operation()
    {
        AwsSigner signer = await nodes.A.CreateAccessKeyAsync();
        foreach ((string operation, string code) in new[] { ("DisableKey", "ERR_KMS_011"), ("ScheduleKeyDeletion", "ERR_KMS_010") })
        {
            Attempt[] attempts = [.. (await PreparedUse.PrepareAsync(nodes.A, operation)).SelectMany(Choices)];
            foreach (Attempt attempt in attempts)
                (await attempt.Send(nodes.B)).ShouldBe(HttpStatusCode.OK);

            Task<long>[] users =
                [.. attempts.Select(attempt => UseUntilRefusedAsync(nodes.B, attempt, HttpStatusCode.Conflict, code))];
            HashSet<string> done = [];
            foreach (IGrouping<string, Attempt> version in attempts.GroupBy(attempt => attempt.Kid))
            {
                string id = (await nodes.A.GetJsonAsync($"/kms/keys/{version.Key}")).Text("key_id");
                if (done.Add(id))
                    (await nodes.A.CallAsync(signer, operation, new { KeyId = id })).ShouldBe(HttpStatusCode.OK);

                foreach (Attempt attempt in version)
                {
                    attempt.RevokedAt = Stopwatch.GetTimestamp();
                    (await attempt.Send(nodes.A)).ShouldBeRefused(HttpStatusCode.Conflict, code);
                }
            }

            await ShouldKeepThePromiseAsync(attempts, users);
        }
    }

    // The third node stands for whoever revokes API keys: a request for it does not exist yet.
    [FactIf(Requirement.Postgres)]
    public async Task An_API_key_is_refused_by_the_other_nodes()
    {
        await using QkmsApplication third = nodes.Cluster.NodeHere();
        _ = third.Server;
        string apiKey = await third.CreateApiKeyAsync(nodes.Cluster.InitialApiKey, Roles.Admin);
        HttpClient[] clients = [.. nodes.Processes.Select(node => nodes.Cluster.ClientOf(node, apiKey))];
        Attempt[] attempts = [.. clients.Select(client => new Attempt("", "GET /kms/keys", _ => client.GetJsonAsync("/kms/keys")))];
        foreach (Attempt attempt in attempts)
            (await attempt.Send(nodes.A)).ShouldBe(HttpStatusCode.OK);

        Task<long>[] users =
            [.. attempts.Select(attempt => UseUntilRefusedAsync(nodes.A, attempt, HttpStatusCode.Unauthorized, "ERR_AUTH_001"))];
        await ChangeAsync(third, apiKey, credential => credential with { State = CredentialState.Revoked });
        foreach (Attempt attempt in attempts)
            attempt.RevokedAt = Stopwatch.GetTimestamp();

        await ShouldKeepThePromiseAsync(attempts, users);
        Array.ForEach(clients, client => client.Dispose());
    }

    /// <summary>
    /// K-08: an API key that is narrowed, to operations or to key names, is narrow at once where that was done and on other nodes within a
    /// second, however much they used it until then.
    /// </summary>
    [FactIf(Requirement.Postgres)]
    public async Task A_narrowed_API_key_is_narrow_on_the_other_nodes()
    {
        await using QkmsApplication third = nodes.Cluster.NodeHere();
        _ = third.Server;
        string kid = (await nodes.A.GenerateAsync("AES-256", new { name = "narrowed" })).Text("kid");
        (Func<Credential, Credential> Change, HttpStatusCode Status, string Code)[] narrowings =
        [
            (credential => credential with { Permissions = "keys:rotate" }, HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002"),
            (credential => credential with { KeyScope = "other/*" }, HttpStatusCode.NotFound, "ERR_KMS_003"),
        ];
        foreach ((Func<Credential, Credential> change, HttpStatusCode status, string code) in narrowings)
        {
            string apiKey = await third.CreateApiKeyAsync(nodes.Cluster.InitialApiKey, Roles.Admin);
            using HttpClient here = third.ClientFor(apiKey);
            HttpClient[] clients = [.. nodes.Processes.Select(node => nodes.Cluster.ClientOf(node, apiKey))];
            Attempt[] attempts =
                [.. clients.Select(client => new Attempt(kid, $"GET a key, then {code}", _ => client.GetJsonAsync($"/kms/keys/{kid}")))];
            foreach (Attempt attempt in attempts)
                (await attempt.Send(nodes.A)).ShouldBe(HttpStatusCode.OK);

            (await here.GetJsonAsync($"/kms/keys/{kid}")).ShouldBe(HttpStatusCode.OK);

            Task<long>[] users = [.. attempts.Select(attempt => UseUntilRefusedAsync(nodes.A, attempt, status, code))];
            await ChangeAsync(third, apiKey, change);
            foreach (Attempt attempt in attempts)
                attempt.RevokedAt = Stopwatch.GetTimestamp();

            (await here.GetJsonAsync($"/kms/keys/{kid}")).ShouldBeRefused(status, code);
            await ShouldKeepThePromiseAsync(attempts, users);
            Array.ForEach(clients, client => client.Dispose());
        }
    }

    /// <summary>
    /// K-01, K-08: what an administrator revokes, disables or narrows over HTTP is refused at once there and on the other node within a
    /// second.
    /// </summary>
    [FactIf(Requirement.Postgres)]
    public async Task What_an_administrator_withdraws_is_refused_by_the_other_node()
    {
        (Func<string, Task<Answer>> Withdraw, HttpStatusCode Status, string Code)[] ways =
        [
            (id => nodes.A.ActOnApiKeyAsync(id, "revoke"), HttpStatusCode.Unauthorized, "ERR_AUTH_001"),
            (id => nodes.A.ActOnApiKeyAsync(id, "disable"), HttpStatusCode.Unauthorized, "ERR_AUTH_001"),
            (id => nodes.A.RotateApiKeyAsync(id, 0), HttpStatusCode.Unauthorized, "ERR_AUTH_001"),
            (id => nodes.A.UpdateApiKeyAsync(id, """{"permissions":["keys:rotate"]}"""), HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002"),
        ];
        foreach ((Func<string, Task<Answer>> withdraw, HttpStatusCode status, string code) in ways)
        {
            Answer made = (await nodes.A.CreateApiKeyAsync(role: "admin")).ShouldBe(HttpStatusCode.Created);
            HttpClient[] clients = [.. nodes.Processes.Select(node => nodes.Cluster.ClientOf(node, made.Text("api_key")))];
            Attempt attempt = new("", code, _ => clients[1].GetJsonAsync("/kms/keys"));
            foreach (HttpClient client in clients)
                (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);

            Task<long> user = UseUntilRefusedAsync(nodes.B, attempt, status, code);
            ((int)(await withdraw(made.Text("api_key_id"))).Status).Should().BeInRange(200, 201);
            attempt.RevokedAt = Stopwatch.GetTimestamp();

            (await clients[0].GetJsonAsync("/kms/keys")).ShouldBeRefused(status, code);
            await ShouldKeepThePromiseAsync([attempt], [user]);
            Array.ForEach(clients, client => client.Dispose());
        }
    }

    /// <summary>Q-48: of many that two nodes make at the same time when one place is left, one is.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task The_plan_holds_for_API_keys_of_two_nodes()
    {
        await using QkmsApplication one = nodes.Cluster.NodeHere();
        await using QkmsApplication two = nodes.Cluster.NodeHere();
        _ = (one.Server, two.Server);
        string apiKey = await one.CreateTenantAsync("raced", plan: "growth");
        HttpClient[] clients = [one.ClientFor(apiKey), two.ClientFor(apiKey)];
        for (int i = 0; i < 3; i++)
            (await clients[i % 2].CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => clients[i % 2].CreateApiKeyAsync())));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);

        // Some wait for the database for too long; nothing was done then.
        answers.Where(answer => answer.Status != HttpStatusCode.Created).Select(answer => answer.ErrorCode).Distinct()
            .Should().Contain("ERR_FORBIDDEN_001").And.BeSubsetOf(["ERR_FORBIDDEN_001", "ERR_SERVICE_001"]);
        (await clients[0].GetJsonAsync("/api-keys")).Data["api_keys"]!.AsArray().Should().HaveCount(5);
        Array.ForEach(clients, client => client.Dispose());
    }

    private static IEnumerable<Attempt> Choices(PreparedUse use)
    {
        yield return new Attempt(use.Kid, $"{use} by kid", client => use.SendAsync(client, use.ByKid));
        yield return new Attempt(use.Kid, $"{use} by number", client => use.SendAsync(client, use.ByNumber));
        if (use.NamesItsKey)
            yield return new Attempt(use.Kid, $"{use} by what the ciphertext says", client => use.SendAsync(client, new { }));
    }

    private async Task<Attempt> ReEncryptAsync(IReadOnlyList<PreparedUse> uses)
    {
        string destination = (await nodes.A.GenerateAsync("AES-256", new { name = "stays" })).Text("kid");
        PreparedUse decrypt = uses.First(use => use is { Route: "/crypto/decrypt", Algorithm: KeyUseVerbs.Aes });
        return new Attempt(
            decrypt.Kid,
            "/crypto/re-encrypt from it",
            client => client.UseAsync("/crypto/re-encrypt", decrypt.Input, new { destination = new { kid = destination } }));
    }

    private static async Task ShouldKeepThePromiseAsync(IReadOnlyList<Attempt> attempts, Task<long>[] users)
    {
        long[] lastSuccesses = await Task.WhenAll(users);
        for (int i = 0; i < attempts.Count; i++)
            Stopwatch.GetElapsedTime(attempts[i].RevokedAt, lastSuccesses[i]).Should().BeLessThan(_promise, attempts[i].Name);
    }

    /// <summary>Asks again and again until it is refused; when the last request began that succeeded.</summary>
    private static async Task<long> UseUntilRefusedAsync(HttpClient client, Attempt attempt, HttpStatusCode status, string code)
    {
        Stopwatch limit = Stopwatch.StartNew();
        long lastSuccess = Stopwatch.GetTimestamp();
        while (true)
        {
            Answer answer = await attempt.Send(client);
            if (answer.Status != HttpStatusCode.OK)
            {
                answer.ShouldBeRefused(status, code);
                return lastSuccess;
            }

            lastSuccess = RepeatingHandler.BegunOf(answer);
            limit.Elapsed.Should().BeLessThan(TimeSpan.FromMinutes(1), attempt.Name);
        }
    }

    private static async Task ChangeAsync(QkmsApplication node, string apiKey, Func<Credential, Credential> change)
    {
        RowSealer sealer = node.Services.GetRequiredService<RowSealer>();
        bool changed = await node.Services.GetRequiredService<IKmsStore>().WriteAsync(
            async session =>
            {
                Credential credential = sealer.Open(
                    (await Repositories.Credentials.FindByLookupIdAsync(session, Credential.ApiKeyKind, apiKey[5..17]))!);
                session.OnCommitted(node.Services.GetRequiredService<ApiKeyAuthenticator>().ForgetAll);
                return await Repositories.Credentials.UpdateAsync(session, sealer.Seal(change(credential)));
            },
            CancellationToken.None);
        changed.Should().BeTrue();
    }

    /// <summary>One operation with one key, chosen in one way.</summary>
    private sealed record Attempt(string Kid, string Name, Func<HttpClient, Task<Answer>> Send)
    {
        /// <summary>When the revoke was answered.</summary>
        public long RevokedAt { get; set; }
    }
}
