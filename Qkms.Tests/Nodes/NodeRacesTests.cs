using Qkms.Tests.Keys;

namespace Qkms.Tests.Nodes;

/// <summary>
/// Two nodes change one key at the same time. Each race is run several times in a row, with <c>QKMS_MANY_RUNS=1</c> fifty times.
/// </summary>
public sealed class NodeRacesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    private static readonly IEnumerable<int> _runs = Enumerable.Range(1, LongTests.Choose(usual: 5, large: 50));

    // Q-21
    [TheoryIf(Requirement.Postgres)]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-768")]
    public async Task Of_generates_on_both_nodes_exactly_one_succeeds(string algorithm)
    {
        foreach (int run in _runs)
        {
            string name = $"generate/{algorithm}/{run}";

            IReadOnlyList<Answer> answers = await nodes.RaceAsync(
                4, client => client.PostJsonAsync("/kms/keys/generate", Key(name, algorithm)));

            answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1, Told(run, answers));
            foreach (Answer refused in answers.Where(answer => answer.Status != HttpStatusCode.Created))
                refused.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_004");

            await ChainShouldBeWholeAsync(name, algorithm, versions: 1);
        }
    }

    // A kid is one tenant's once, whatever key it belongs to.
    [FactIf(Requirement.Postgres)]
    public async Task Of_generates_of_several_keys_with_one_kid_exactly_one_succeeds()
    {
        foreach (int run in _runs)
        {
            int keys = 0;

            IReadOnlyList<Answer> answers = await nodes.RaceAsync(4, client => client.PostJsonAsync(
                "/kms/keys/generate",
                $$"""{"algorithm":"AES-256","name":"kid/{{run}}/{{Interlocked.Increment(ref keys)}}","kid":"taken-{{run}}"}"""));

            answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1, Told(run, answers));
            foreach (Answer refused in answers.Where(answer => answer.Status != HttpStatusCode.Created))
                refused.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        }
    }

    // A-19
    [TheoryIf(Requirement.Postgres)]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-768")]
    public async Task Rotations_on_both_nodes_each_make_the_next_version(string algorithm)
    {
        foreach (int run in _runs)
        {
            string name = $"rotate/{algorithm}/{run}";
            await nodes.A.GenerateAsync(algorithm, new { name });

            IReadOnlyList<Answer> answers = await nodes.RaceAsync(
                4, client => client.PostJsonAsync("/kms/keys/rotate", Key(name, algorithm)));

            answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.Created, Told(run, answers));
            answers.Select(answer => answer.Number("key_version")).Should().BeEquivalentTo(Enumerable.Range(2, answers.Count));
            await ChainShouldBeWholeAsync(name, algorithm, versions: 1 + answers.Count);
        }
    }

    // A-21
    [FactIf(Requirement.Postgres)]
    public async Task Of_two_rotations_of_one_version_one_succeeds_and_one_is_refused()
    {
        foreach (int run in _runs)
        {
            string name = $"expected/{run}";
            await nodes.B.GenerateAsync("AES-256", new { name });

            IReadOnlyList<Answer> answers = await nodes.RaceAsync(
                1, client => client.PostJsonAsync("/kms/keys/rotate", Key(name, "AES-256", ",\"expected_key_version\":1")));

            answers.Single(answer => answer.Status == HttpStatusCode.Created).Number("key_version").Should().Be(2);
            answers.Single(answer => answer.Status != HttpStatusCode.Created).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
            await ChainShouldBeWholeAsync(name, "AES-256", versions: 2);
        }
    }

    // A-03, A-19: whatever wins, what is left can be explained, and what was answered holds on both nodes.
    [FactIf(Requirement.Postgres)]
    public async Task Every_change_at_once_on_both_nodes_leaves_a_key_in_order()
    {
        foreach (int run in _runs)
        {
            string name = $"mixed/{run}";
            string kid = (await nodes.A.GenerateAsync("AES-256", new { name })).Text("kid");
            int turn = run;

            IReadOnlyList<Answer> answers = await nodes.RaceAsync(4, client => (Interlocked.Increment(ref turn) % 4) switch
            {
                0 => client.RevokeAsync(kid),
                1 => client.PostJsonAsync("/kms/keys/retire", Key(name, "AES-256", ",\"key_version\":1,\"allow_no_active\":true")),
                2 => client.PostJsonAsync("/kms/keys/generate", Key(name, "AES-256")),
                _ => client.PostJsonAsync("/kms/keys/rotate", Key(name, "AES-256")),
            });

            answers.Should().OnlyContain(answer => (int)answer.Status < 500, Told(run, answers));
            foreach (HttpClient client in new[] { nodes.A, nodes.B })
            {
                (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("revoked", Told(run, answers));
                await NumbersShouldBeWholeAsync(client, name, made: 1 + answers.Count(answer => answer.Status == HttpStatusCode.Created));
            }
        }
    }

    private static string Key(string name, string algorithm, string extra = "") =>
        $$"""{"algorithm":"{{algorithm}}","name":"{{name}}"{{extra}}}""";

    private static string Told(int run, IEnumerable<Answer> answers) =>
        $"in run {run} the nodes answered {string.Join(", ", answers.Select(Told))}".Replace("{", "{{", StringComparison.Ordinal);

    private static string Told(Answer answer) =>
        $"{(int)answer.Status} {(answer.Status == HttpStatusCode.NoContent ? "" : answer.Json["error"]?["error_code"])}";

    private static async Task NumbersShouldBeWholeAsync(HttpClient client, string name, int made)
    {
        Answer list = await client.GetJsonAsync($"/kms/keys?name={name}");
        JsonArray versions = list.Data["keys"]!.AsArray();
        versions.Select(version => (int)version!["key_version"]!).Order().Should().Equal(Enumerable.Range(1, made));
        versions.Count(version => (string?)version!["status"] == "active").Should().BeLessThanOrEqualTo(1);
        list.Data["unreadable"]!.AsArray().Should().BeEmpty();
    }

    /// <summary>Seen by both nodes, and with one event of its own for each version.</summary>
    private async Task ChainShouldBeWholeAsync(string name, string algorithm, int versions)
    {
        foreach (HttpClient client in new[] { nodes.A, nodes.B })
        {
            Answer list = await client.GetJsonAsync($"/kms/keys?name={name}&algorithm={algorithm}");
            list.Number("total").Should().Be(versions);
            list.Data["unreadable"]!.AsArray().Should().BeEmpty();
            RotateKeyTests.ChainShouldBeWhole(list.Data["keys"]!.AsArray(), versions);
        }

        nodes.Cluster.Ask<long>(
            $"""
            SELECT COUNT(*)
            FROM audit_events e JOIN key_versions v ON v.kid = e.kid JOIN keys k ON k.id = v.key_id
            WHERE k.name = '{name}' AND k.algorithm = '{algorithm}' AND e.action IN ('key.generated', 'key.rotated')
            """).Should().Be(versions);
    }
}
