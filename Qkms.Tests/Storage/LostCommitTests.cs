using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using Qkms.Core.Tenants;
using Qkms.Storage.Postgres;
using Qkms.Tests.Support.Proxy;

namespace Qkms.Tests.Storage;

/// <summary>
/// whatever happens to the commit of a write and to its answer, the caller learns the truth, and nothing is done twice.
/// </summary>
public sealed class LostCommitTests : IDisposable
{
    // Far longer than anything here takes: a test that hangs ends, and a machine that does much else is waited for.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    // Silence is noticed by it alone, and everything that is asked has to be answered within it.
    private static readonly TimeSpan _untilNoticed = TimeSpan.FromSeconds(6);

    private readonly StoreRows _rows = new();
    private readonly FakeLogCollector _log = new();
    private PostgresDatabase? _database;
    private PostgresProxy? _proxy;
    private PostgresKmsStore? _store;

    private PostgresProxy Proxy => _proxy!;

    public void Dispose()
    {
        _store?.Dispose();
        _proxy?.Dispose();
        _database?.Dispose();
    }

    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(CommitFate.CutBefore), 2)]
    [InlineData(nameof(CommitFate.CutAfter), 1)]
    [InlineData(nameof(CommitFate.GetLost), 2)]
    [InlineData(nameof(CommitFate.LoseAnswer), 1)]
    public async Task A_commit_whose_answer_is_lost_is_found_out_and_done_once(string fate, int runs)
    {
        await OpenAsync(statement: fate is nameof(CommitFate.GetLost) or nameof(CommitFate.LoseAnswer) ? _untilNoticed : null);

        Outcome outcome = await WriteAsync(Enum.Parse<CommitFate>(fate));

        outcome.Refusal.Should().BeNull();
        outcome.Should().Match<Outcome>(o => o.Runs == runs && o.Hooks == 1 && o.Result);
        _database!.Run("SELECT COUNT(*) FROM tenants").Should().Be(1L);
        _log.Lines.Should().Contain(line => line.Contains(runs == 1 ? " was committed" : " was not committed", StringComparison.Ordinal));
    }

    // 503 would say that nothing was changed, and clients repeat a 503 blindly.
    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(CommitFate.CutBefore), nameof(ProxyWay.Refusing), 0L)]
    [InlineData(nameof(CommitFate.CutAfter), nameof(ProxyWay.Refusing), 1L)]
    [InlineData(nameof(CommitFate.CutAfter), nameof(ProxyWay.Silent), 1L)]
    public async Task What_cannot_be_found_out_is_called_unknown_and_not_run_again(string fate, string afterwards, long stored)
    {
        await OpenAsync(TimeSpan.FromSeconds(2));

        Outcome outcome = await WriteAsync(Enum.Parse<CommitFate>(fate), Enum.Parse<ProxyWay>(afterwards));

        outcome.Refusal!.Error.Should().Be(KmsErrors.OutcomeUnknown);
        outcome.Should().Match<Outcome>(o => o.Runs == 1 && o.Hooks == 0);
        _database!.Run("SELECT COUNT(*) FROM tenants").Should().Be(stored);
        _log.Lines.Should().ContainSingle(line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    // As when the wait for a synchronous standby is cut off: the server says "done", and only warns that it may be on one machine.
    [TheoryIf(Requirement.Postgres)]
    [InlineData("tenants", false)]
    [InlineData("writes", true)]
    public async Task A_commit_with_a_warning_is_not_taken_for_one(string table, bool isUnknown)
    {
        await OpenAsync(isUnknown ? TimeSpan.FromSeconds(1) : null);

        // What is planted here would be noticed; a minute from now it will be.
        await _store!.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None);
        _database!.Run($"""
            CREATE FUNCTION warn() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'not on the standby'; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER warn AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
              FOR EACH ROW EXECUTE FUNCTION warn()
            """);

        Outcome outcome = await WriteAsync(CommitFate.Pass);

        outcome.Refusal?.Error.Should().Be(KmsErrors.OutcomeUnknown);
        outcome.Should().Match<Outcome>(o => o.Runs == 1 && o.Hooks == (isUnknown ? 0 : 1) && o.Result != isUnknown);
        _log.Lines.Should().Contain(line => line.Contains("committed with a warning: not on the standby", StringComparison.Ordinal));
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_connection_that_breaks_before_the_commit_makes_the_unit_run_again()
    {
        await OpenAsync(watches: false);
        int runs = 0;

        bool added = await _store!.WriteAsync(
            async session =>
            {
                if (++runs == 1)
                    Proxy.CutEvery();

                return await Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant("acme")));
            },
            CancellationToken.None);

        (added, runs).Should().Be((true, 2));
        _log.Lines.Should().BeEmpty("nothing was lost, and nobody need be told");
    }

    // The fence, by itself: what it says once it says for ever, also when its own answer was lost.
    [TheoryIf(Requirement.Postgres)]
    [InlineData("")]
    [InlineData(";Options=-c default_transaction_isolation=serializable")]
    public async Task A_write_that_was_not_there_can_never_be(string settings)
    {
        await OpenAsync();
        PostgresStorageOptions options = PostgresPatience.Long.For(_database!.ConnectionString + settings);
        using PostgresConnections connections = new(options);
        CommitFence fence = new(connections, options, NullLogger.Instance);
        Guid never = _rows.NextId();
        Guid done = _rows.NextId();
        _database.Run(Insert(done));

        for (int i = 0; i < 2; i++)
        {
            (await fence.WasCommittedAsync(never, backend: 0, Stopwatch.GetTimestamp())).Should().BeFalse();
            (await fence.WasCommittedAsync(done, backend: 0, Stopwatch.GetTimestamp())).Should().BeTrue();
        }

        Action late = () => _database.Run(Insert(never));
        late.Should().Throw<PostgresException>().Which.SqlState.Should().Be(PostgresErrorCodes.UniqueViolation);
    }

    // F-50: a question that takes several round trips comes to no end where connections break after a few.
    [FactIf(Requirement.Postgres)]
    public async Task A_connection_that_lives_for_one_answer_is_enough_to_find_out()
    {
        await OpenAsync(watches: false);
        await _store!.WriteAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None);
        int before = Proxy.Attempts;
        Proxy.Lifetime = 2;

        Outcome outcome = await WriteAsync(CommitFate.CutAfter);

        outcome.Refusal.Should().BeNull();
        outcome.Should().Match<Outcome>(o => o.Runs == 1 && o.Hooks == 1 && o.Result);
        (Proxy.Attempts - before).Should().Be(1, "one connection was made, and asked once");
    }

    // F-50: the answer to the question may be lost as well, several times. What is said is what the database has in the end.
    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(CommitFate.CutBefore), 4)]
    [InlineData(nameof(CommitFate.CutAfter), 4)]
    [InlineData(nameof(CommitFate.ArriveLate), 1)]
    [InlineData(nameof(CommitFate.GetLost), 1)]
    [InlineData(nameof(CommitFate.LoseAnswer), 2)]
    public async Task A_question_whose_own_answer_is_lost_is_asked_again(string fate, int times)
    {
        await OpenAsync();
        PostgresStorageOptions options = (PostgresPatience.Long with { Statement = _untilNoticed }).For(Proxy.ConnectionString);
        using PostgresConnections connections = new(options);
        CommitFence fence = new(connections, options, NullLogger.Instance);
        Guid done = _rows.NextId();
        Guid never = _rows.NextId();
        _database!.Run(Insert(done));

        (await AskAsync(done)).Should().BeTrue();
        (await AskAsync(never)).Should().BeFalse();

        _database.Run("SELECT string_agg(fenced::text, ',' ORDER BY fenced) FROM writes")
            .Should().Be("0,1", "it was committed before it was said");

        async Task<bool> AskAsync(Guid writeId)
        {
            int before = Proxy.Attempts;
            Proxy.BreakNextCommits(times, Enum.Parse<CommitFate>(fate));
            bool committed = await fence.WasCommittedAsync(writeId, backend: 0, Stopwatch.GetTimestamp()).WaitAsync(_patience);
            (Proxy.Attempts - before).Should().BeGreaterThan(times);
            return committed;
        }
    }

    // a server that may forget what it has committed cannot vouch for it.
    [FactIf(Requirement.Postgres)]
    public async Task A_server_that_may_forget_is_not_believed()
    {
        await OpenAsync();
        PostgresStorageOptions options = new()
        {
            ConnectionString = $"{_database!.ConnectionString};Options=-c synchronous_commit=off",
            OutcomeTimeout = TimeSpan.FromSeconds(1)
        };
        using PostgresConnections connections = new(options);
        CommitFence fence = new(connections, options, new FakeLogger<PostgresKmsStore>(_log));

        Func<Task> ask = () => fence.WasCommittedAsync(_rows.NextId(), backend: 0, Stopwatch.GetTimestamp());

        (await ask.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.OutcomeUnknown);
    }

    // F-50: also when the question fails for a reason that no broken connection has. Another error would say that nothing was changed.
    [FactIf(Requirement.Postgres)]
    public async Task A_question_that_cannot_be_asked_leaves_the_outcome_unknown()
    {
        await OpenAsync(TimeSpan.FromSeconds(1));
        Tenant tenant = _rows.Tenant("acme");

        Func<Task> write = () => _store!.WriteAsync(
            async session =>
            {
                await Repositories.Tenants.InsertAsync(session, StoreRows.Seal(tenant));
                _database!.Run("ALTER TABLE writes RENAME COLUMN fenced TO renamed");
                Proxy.BreakNextCommit(CommitFate.CutBefore);
                return true;
            },
            CancellationToken.None).WaitAsync(_patience);

        (await write.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.OutcomeUnknown);
    }

    // The number of the lost server process may have gone to another one, of another program of the same user even.
    [FactIf(Requirement.Postgres)]
    public async Task A_process_that_began_after_the_write_is_left_alone()
    {
        await OpenAsync();
        PostgresStorageOptions options = PostgresPatience.Long.For(_database!.ConnectionString);
        using PostgresConnections connections = new(options);
        CommitFence fence = new(connections, options, NullLogger.Instance);
        long before = Stopwatch.GetTimestamp() - (60 * Stopwatch.Frequency);
        await using NpgsqlConnection other = await connections.OpenSingleAsync(CancellationToken.None);
        long after = Stopwatch.GetTimestamp();
        await using NpgsqlCommand command = new("SELECT 1", other);

        await fence.WasCommittedAsync(_rows.NextId(), other.ProcessID, before);
        (await command.ExecuteScalarAsync()).Should().Be(1);

        await fence.WasCommittedAsync(_rows.NextId(), other.ProcessID, after);
        await command.Awaiting(c => c.ExecuteScalarAsync()).Should().ThrowAsync<NpgsqlException>();
    }

    [FactIf(Requirement.Postgres)]
    public async Task Ids_of_writes_are_swept_when_they_are_old()
    {
        await OpenAsync();
        await WriteAsync(CommitFate.Pass);
        _database!.Run(
            "INSERT INTO writes (write_id, committed_at) SELECT decode(lpad(to_hex(i), 32, '0'), 'hex'), 1000 + i FROM "
            + "generate_series(1, 12000) AS i");
        using PostgresConnections connections = new(PostgresPatience.Long.For(_database.ConnectionString));
        using WritesSweep sweep = new(connections, TimeProvider.System, NullLogger.Instance);


        (await sweep.SweepAsync()).Should().Be(11999);
        (await sweep.SweepAsync()).Should().Be(0);
        _database.Run("SELECT string_agg(LEAST(committed_at, 20000)::text, ',' ORDER BY committed_at) FROM writes")
            .Should().Be("13000,20000", "the new one may still be asked about, and somebody may have seen the old one as the newest");
    }

    private static string Insert(Guid writeId) =>
        $"INSERT INTO writes (write_id, committed_at) VALUES ('\\x{Convert.ToHexString(writeId.ToByteArray(bigEndian: true))}', 1)";

    private async Task OpenAsync(TimeSpan? outcome = null, bool watches = true, TimeSpan? statement = null)
    {
        _database = PostgresServer.CreateMigrated();
        _proxy = new PostgresProxy(_database);
        PostgresPatience usual = PostgresPatience.Long;
        PostgresPatience patience = usual with
        {
            Outcome = outcome ?? usual.Outcome,
            Connect = outcome ?? usual.Connect,
            Statement = statement ?? usual.Statement,
            WatchPeriod = watches ? usual.WatchPeriod : TimeSpan.FromHours(1),
        };
        _store = await PostgresStores.OpenAsync(patience.For(_proxy.ConnectionString), new FakeLogger<PostgresKmsStore>(_log));
        _log.Clear();
    }

    /// <summary>One write, whose commit has a fate.</summary>
    private async Task<Outcome> WriteAsync(CommitFate fate, ProxyWay afterwards = ProxyWay.Open)
    {
        Outcome outcome = new();
        Tenant tenant = _rows.Tenant("acme");
        try
        {
            outcome.Result = await _store!.WriteAsync(
                async session =>
                {
                    session.OnCommitted(() => outcome.Hooks++);
                    bool added = await Repositories.Tenants.InsertAsync(session, StoreRows.Seal(tenant));
                    if (++outcome.Runs == 1)
                        Proxy.BreakNextCommit(fate, afterwards);

                    return added;
                },
                CancellationToken.None).WaitAsync(_patience);
        }
        catch (KmsException refusal)
        {
            outcome.Refusal = refusal;
        }

        return outcome;
    }

    private sealed class Outcome
    {
        public int Runs { get; set; }

        public int Hooks { get; set; }

        public bool Result { get; set; }

        public KmsException? Refusal { get; set; }
    }
}
