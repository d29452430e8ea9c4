using Npgsql;
using Qkms.Tests.Keys;
using Qkms.Tests.Support.Proxy;

namespace Qkms.Tests.Nodes;

/// <summary>Q-47: a connection that breaks before, during or after a commit: callers learn the truth, and nothing is done twice.</summary>
public sealed class BrokenCommitTests
{
    private const string Aes = KeyUseVerbs.Aes;
    private const string Rotate = """{"algorithm":"AES-256","expected_key_version":1}""";

    // As every service: a connection that was begun while the database was silent never comes to be.
    private static readonly TimeSpan _untilAskedAgain = TimeSpan.FromSeconds(2);

    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(CommitFate.CutBefore), "not committed")]
    [InlineData(nameof(CommitFate.CutAfter), "committed")]
    [InlineData(nameof(CommitFate.LoseAnswer), "committed")]
    [InlineData(nameof(CommitFate.ArriveLate), null)]
    public async Task A_change_whose_commit_breaks_is_made_once_and_acknowledged(string fate, string? outcome)
    {
        await using NodeBehindProxy service = NewNode(fate);
        HttpClient client = service.Client;

        string kid = (await BreakAsync(() => client.GenerateAsync(Aes))).Text("kid");
        Answer rotated = await BreakAsync(() => client.PostJsonAsync("/kms/keys/rotate", Rotate));
        Answer retired = await BreakAsync(() => client.RetireAsync(2, Aes, new { allow_no_active = true }));
        Answer revoked = await BreakAsync(() => client.RevokeAsync(kid));

        rotated.ShouldBe(HttpStatusCode.Created).Number("key_version").Should().Be(2);
        retired.ShouldBe(HttpStatusCode.OK);
        revoked.ShouldBe(HttpStatusCode.NoContent);
        service.Ask<long>("SELECT COUNT(*) FROM key_versions").Should().Be(2);
        foreach ((string action, int times) in new[] { ("key.generated", 1), ("key.rotated", 1), ("key.retired", 2), ("key.revoked", 1) })
            service.Count(action).Should().Be(times, action);

        string[] found =
        [
            .. service.Node.Log.Lines.Where(line => line.Contains(" was committed.", StringComparison.Ordinal)
                || line.Contains(" was not committed.", StringComparison.Ordinal))
        ];
        found.Length.Should().Be(4, "each answer was lost once, and nobody was told");
        if (outcome is not null)
            found.Should().OnlyContain(line => line.Contains($" was {outcome}.", StringComparison.Ordinal));

        Task<Answer> BreakAsync(Func<Task<Answer>> request)
        {
            service.Proxy.BreakNextChange(Enum.Parse<CommitFate>(fate));
            return request();
        }
    }

    // F-50: the database is gone for most of a second, just when it is to be asked. Nobody is told that the outcome is unknown.
    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(CommitFate.CutBefore), nameof(ProxyWay.Closed), false)]
    [InlineData(nameof(CommitFate.CutBefore), nameof(ProxyWay.Silent), false)]
    [InlineData(nameof(CommitFate.GetLost), nameof(ProxyWay.Silent), false)]
    [InlineData(nameof(CommitFate.CutAfter), nameof(ProxyWay.Closed), true)]
    [InlineData(nameof(CommitFate.CutAfter), nameof(ProxyWay.Refusing), true)]
    [InlineData(nameof(CommitFate.CutAfter), nameof(ProxyWay.Silent), true)]
    [InlineData(nameof(CommitFate.LoseAnswer), nameof(ProxyWay.Silent), true)]
    public async Task A_database_that_is_back_within_a_second_tells_what_became_of_a_change(string fate, string then, bool isCommitted)
    {
        await using NodeBehindProxy service = NewNode(fate);
        await service.Client.GenerateAsync(Aes);
        service.Proxy.BreakNextChange(Enum.Parse<CommitFate>(fate), Enum.Parse<ProxyWay>(then));

        Task<Answer> rotation = service.Client.PostJsonAsync("/kms/keys/rotate", Rotate);
        await Eventually.HoldsAsync(
            () => Task.FromResult(service.Node.Log.Lines.Any(line => line.Contains("is uncertain", StringComparison.Ordinal))));
        await Task.Delay(TimeSpan.FromMilliseconds(900));
        service.Proxy.Become(ProxyWay.Open);
        Answer answer = await rotation;

        // What was not committed is done again.
        answer.ShouldBe(HttpStatusCode.Created).Number("key_version").Should().Be(2);
        service.Ask<long>("SELECT COUNT(*) FROM key_versions").Should().Be(2);
        service.Count("key.rotated").Should().Be(1);
        string found = isCommitted ? " was committed." : " was not committed.";
        service.Node.Log.Lines.Should().Contain(line => line.Contains(found, StringComparison.Ordinal));
        service.Node.Log.Lines.Should().NotContain(line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    // Neither 503, after which clients repeat blindly, nor a success that may be none.
    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(CommitFate.CutBefore), nameof(ProxyWay.Closed), 1)]
    [InlineData(nameof(CommitFate.CutAfter), nameof(ProxyWay.Closed), 2)]
    [InlineData(nameof(CommitFate.CutAfter), nameof(ProxyWay.Silent), 2)]
    public async Task What_became_of_a_change_is_called_unknown_when_nobody_can_say(string fate, string then, int active)
    {
        await using NodeBehindProxy service = new(
            keepsHouse: false, patience: PostgresPatience.Long with { Connect = _untilAskedAgain, Outcome = TimeSpan.FromSeconds(10) });
        HttpClient client = service.Client;
        await client.GenerateAsync(Aes);
        service.Proxy.BreakNextChange(Enum.Parse<CommitFate>(fate), Enum.Parse<ProxyWay>(then));

        Answer answer = await client.PostJsonAsync("/kms/keys/rotate", Rotate);

        answer.ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_SERVICE_002");
        answer.Message.Should().Contain("completely or not at all").And.Contain("check before you retry");
        answer.Headers.Should().NotContainKey("Retry-After");
        service.Node.Log.Lines.Should().ContainSingle(line => line.StartsWith("Critical", StringComparison.Ordinal));

        // What the answer advises: looking tells which it was, and with expected_key_version the call can be repeated as it is.
        await service.ReopenAsync();
        (await client.ActiveAsync(Aes)).Number("key_version").Should().Be(active);
        Answer repeated = await client.PostJsonAsync("/kms/keys/rotate", Rotate);
        if (active == 1)
            repeated.ShouldBe(HttpStatusCode.Created);
        else
            repeated.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");

        Answer list = await client.GetJsonAsync("/kms/keys");
        RotateKeyTests.ChainShouldBeWhole(list.Data["keys"]!.AsArray(), 2);
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_change_that_is_cut_off_before_its_commit_is_made_on_another_connection()
    {
        await using NodeBehindProxy service = new(keepsHouse: false, patience: PostgresPatience.Long);
        await service.Client.GenerateAsync(Aes);
        Task<Answer> rotation;
        await using (await HoldKeyAsync(service))
        {
            rotation = service.Client.PostJsonAsync("/kms/keys/rotate", Rotate);
            await SomebodyWaitsAsync(service);
            service.Proxy.Become(ProxyWay.Refusing);
            service.Proxy.Become(ProxyWay.Open);
        }

        (await rotation).ShouldBe(HttpStatusCode.Created).Number("key_version").Should().Be(2);
        service.Ask<long>("SELECT COUNT(*) FROM key_versions").Should().Be(2);
    }

    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(ProxyWay.Closed))]
    [InlineData(nameof(ProxyWay.Silent))]
    public async Task A_change_that_is_cut_off_before_its_commit_for_good_is_503_and_not_made(string way)
    {
        // A silence lasts until the operation is given up. Before, the change has to be seen to wait.
        await using NodeBehindProxy service = new(
            keepsHouse: false, patience: PostgresPatience.Long with { Connect = _untilAskedAgain, Operation = TimeSpan.FromSeconds(20) });
        await service.Client.GenerateAsync(Aes);
        await using (await HoldKeyAsync(service))
        {
            Task<Answer> rotation = service.Client.PostJsonAsync("/kms/keys/rotate", Rotate);
            await SomebodyWaitsAsync(service);
            service.Proxy.Become(Enum.Parse<ProxyWay>(way));
            (await rotation).ShouldSayLater();
        }

        await service.ReopenAsync();
        (await service.Client.ActiveAsync(Aes)).Number("key_version").Should().Be(1);
        (await service.Client.PostJsonAsync("/kms/keys/rotate", Rotate)).ShouldBe(HttpStatusCode.Created);
        service.Ask<long>("SELECT COUNT(*) FROM key_versions").Should().Be(2);
    }

    // Only a statement that takes too long shows that what was said is lost; where the connection ends, nothing has to be quick.
    private static NodeBehindProxy NewNode(string fate) => new(
        keepsHouse: false,
        patience: fate is nameof(CommitFate.CutBefore) or nameof(CommitFate.CutAfter)
            ? PostgresPatience.Long with { Connect = _untilAskedAgain }
            : PostgresPatience.Long with { Connect = _untilAskedAgain, Statement = TimeSpan.FromSeconds(6) });

    /// <summary>Somebody else, such as an operator with a shell, holds the key's row until it is disposed of.</summary>
    private static async Task<IAsyncDisposable> HoldKeyAsync(NodeBehindProxy service)
    {
        NpgsqlConnection connection = new(service.ConnectionString);
        await connection.OpenAsync();
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
        await using NpgsqlCommand command = new("SELECT 1 FROM keys FOR UPDATE", connection);
        await command.ExecuteScalarAsync();
        return transaction;
    }

    private static Task SomebodyWaitsAsync(NodeBehindProxy service) => Eventually.HoldsAsync(() =>
        Task.FromResult(service.Ask<long>(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0));
}
