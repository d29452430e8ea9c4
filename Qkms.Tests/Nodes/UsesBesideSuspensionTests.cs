using Qkms.Core.Journal;
using Qkms.Core.Uses;
using Qkms.Storage.Journal;
using Qkms.Tests.Tenants;

namespace Qkms.Tests.Nodes;

/// <summary>14.1: a batch of uses of several tenants, and the suspension of one of them, want the same journals.</summary>
public sealed class UsesBesideSuspensionTests : IDisposable
{
    private readonly NodeCluster? _cluster = PostgresServer.MissingReason is null ? new(PostgresServer.CreateMigrated()) : null;
    private Func<Task>? _beforeWrite;
    private Action? _beforeUses;
    private int _suspensions;

    private NodeCluster Cluster => _cluster!;

    public void Dispose() => _cluster?.Dispose();

    /// <summary>
    /// The batch orders a rotation in the journal of the operator's tenant, and has uses of the tenant that the operator suspends at this
    /// moment: whoever comes second waits, and neither is undone by the database.
    /// </summary>
    [FactIf(Requirement.Postgres)]
    public async Task Neither_waits_for_the_other_while_the_other_waits()
    {
        await using QkmsApplication app = Start();
        using HttpClient first = app.Client();
        Answer made = (await first.CreateTenantAsync("suspended")).ShouldBe(HttpStatusCode.Created);
        using HttpClient theirs = app.ClientFor(made.InitialApiKey());

        // Younger than the tenant that he suspends: his journal comes second.
        using HttpClient operators = app.ClientFor(await app.CreateTenantAsync("operators", Roles.Operator | Roles.Admin));
        await theirs.GenerateAsync(KeyUseVerbs.Aes);
        await operators.GenerateAsync(KeyUseVerbs.Aes, new { soft_usage_limit = 1, auto_rotate = true });
        await first.GenerateAsync(KeyUseVerbs.Aes);
        foreach (HttpClient client in new[] { theirs, first })
            (await EncryptAsync(client)).ShouldBe(HttpStatusCode.OK);

        // The two wait for the batch before theirs, which waits for this.
        TaskCompletionSource gap = new();
        _beforeWrite = () => gap.Task;
        Task<Answer> before = EncryptAsync(first);
        await Eventually.HoldsAsync(() => Task.FromResult(_beforeWrite is null));
        Task<Answer>[] both = [EncryptAsync(theirs), EncryptAsync(operators)];
        Task<Answer>? suspended = null;
        _beforeWrite = () =>
        {
            _beforeUses = () =>
            {
                suspended = Task.Run(() => operators.ActOnTenantAsync(made.Text("tenant_id"), "suspend"));
                Eventually.HoldsAsync(() => Task.FromResult(suspended.IsCompleted || IsAnybodyWaiting())).GetAwaiter().GetResult();
            };
            return Task.CompletedTask;
        };
        UseRecorder recorder = app.Services.GetRequiredService<UseRecorder>();
        await Eventually.HoldsAsync(() => Task.FromResult(recorder.Waiting == both.Length));
        gap.SetResult();

        (await before).ShouldBe(HttpStatusCode.OK);
        Answer[] answers = await Task.WhenAll(both);
        (await suspended!).ShouldBe(HttpStatusCode.OK);
        answers[0].ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        answers[1].ShouldBe(HttpStatusCode.OK);
        _suspensions.Should().Be(1, "the database has not undone it");
        (await operators.GetJsonAsync("/kms/rotation-jobs")).Data["jobs"]!.AsArray().Should().ContainSingle();
    }

    private static Task<Answer> EncryptAsync(HttpClient client) => client.UseAsync("/crypto/encrypt", new { plaintext = "AAAA" });

    private bool IsAnybodyWaiting() => Cluster.Ask<long>(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0;

    private QkmsApplication Start() => Cluster.NodeHere(
        storeInFront: store => new StoreWithGap(store, _ => Interlocked.Exchange(ref _beforeWrite, null)?.Invoke() ?? Task.CompletedTask),
        furtherServices: services => services.AddSingleton(RepositoryWithGap.Of(
            RepositoryWithGap.Of<IJournalRepository>(
                new JournalRepository(), nameof(IJournalRepository.LockAllUsesAsync), () => Interlocked.Increment(ref _suspensions)),
            nameof(IJournalRepository.LockUsesAsync),
            () => Interlocked.Exchange(ref _beforeUses, null)?.Invoke())));
}
