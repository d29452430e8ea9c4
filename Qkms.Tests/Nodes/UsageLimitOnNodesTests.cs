namespace Qkms.Tests.Nodes;

/// <summary>Two nodes use one version that has a usage limit.</summary>
public sealed class UsageLimitOnNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    /// <summary>A-32: 50 parallel callers on two nodes and a limit of 100 have exactly 100 uses, never 101.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Fifty_callers_on_two_nodes_have_exactly_100_uses()
    {
        string kid = (await nodes.A.GenerateAsync(KeyUseVerbs.Aes, new { name = "limited", max_usage_limit = 100 })).Text("kid");

        Answer[][] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async caller =>
        {
            List<Answer> mine = [];
            for (int i = 0; i < 4; i++)
                mine.Add(await (caller % 2 == 0 ? nodes.A : nodes.B).UseAsync("/crypto/encrypt", new { plaintext = "", kid }));

            return mine.ToArray();
        }));

        Answer[] all = [.. answers.SelectMany(mine => mine)];
        all.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(100);
        foreach (Answer refused in all.Where(answer => answer.Status != HttpStatusCode.OK))
            refused.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");

        (await nodes.B.GetJsonAsync($"/kms/keys/{kid}")).Number("usage_count").Should().Be(100);
    }

    /// <summary>
    /// a revocation is answered while two nodes use the key without a pause. A lock that they could share would pass from one to the
    /// other, and the revocation would wait until they rest.
    /// </summary>
    [FactIf(Requirement.Postgres)]
    public async Task A_key_that_two_nodes_use_without_a_pause_can_be_revoked()
    {
        string kid = (await nodes.A.GenerateAsync(KeyUseVerbs.Aes, new { name = "busy" })).Text("kid");
        int answered = 0;
        using CancellationTokenSource end = new(TimeSpan.FromMinutes(1));
        Task<Answer>[] callers = [.. Enumerable.Range(0, 16).Select(caller => UseUntilRefusedAsync(caller % 2 == 0 ? nodes.A : nodes.B))];
        await Eventually.HoldsAsync(() => Task.FromResult(Volatile.Read(ref answered) > 200));

        (await nodes.A.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        foreach (Answer refused in await Task.WhenAll(callers))
            refused.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");

        (await nodes.B.GetJsonAsync($"/kms/keys/{kid}")).Number("usage_count").Should().Be(answered);

        async Task<Answer> UseUntilRefusedAsync(HttpClient client)
        {
            while (true)
            {
                Answer answer = await client.UseAsync("/crypto/encrypt", new { plaintext = "", kid });
                if (answer.Status != HttpStatusCode.OK || end.IsCancellationRequested)
                    return answer;

                Interlocked.Increment(ref answered);
            }
        }
    }
}
