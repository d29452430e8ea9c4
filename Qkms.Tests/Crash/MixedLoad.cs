using System.Collections.Concurrent;

namespace Qkms.Tests.Crash;

/// <summary>
/// Clients that do everything with keys at once, each on names of its own and on one name that all share, and note what they were
/// told. They end when their server does.
/// </summary>
internal sealed class MixedLoad
{
    private const int Clients = 6;
    private const string Shared = "shared";

    private static readonly string[] _usual = ["AES-256", "ML-KEM-512", "ML-KEM-768", "ML-DSA-44", "ML-DSA-65"];

    private readonly HttpClient _client;
    private readonly Ledger _ledger;
    private readonly CancellationToken _stop;
    private readonly bool _outlivesFaults;
    private readonly Task _all;
    private readonly int _before;

    private MixedLoad(HttpClient client, Ledger ledger, bool outlivesFaults, CancellationToken stop)
    {
        (_client, _ledger, _outlivesFaults, _stop, _before) = (client, ledger, outlivesFaults, stop, ledger.Acknowledged);
        _all = Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => RunAsync($"client-{i}"))));
    }

    /// <summary>Writes acknowledged since the load began.</summary>
    public int Acknowledged => _ledger.Acknowledged - _before;

    /// <summary>Starts it.</summary>
    /// <param name="client">Where to.</param>
    /// <param name="ledger">Keeps what was said.</param>
    /// <param name="outlivesFaults">Whether the clients go on after a connection broke, because it is the database that is killed.</param>
    /// <param name="stop">Ends the clients after their current request.</param>
    public static MixedLoad Start(HttpClient client, Ledger ledger, bool outlivesFaults = false, CancellationToken stop = default) =>
        new(client, ledger, outlivesFaults, stop);

    /// <summary>Ends when so many writes were acknowledged, or the clients have ended.</summary>
    public async Task WaitForAsync(int acknowledged)
    {
        while (Acknowledged < acknowledged && !_all.IsCompleted)
            await Task.Delay(1, CancellationToken.None);
    }

    /// <summary>Ends with the clients.</summary>
    public Task EndAsync() => _all;

    private async Task RunAsync(string name)
    {
        ConcurrentQueue<LedgerEntry> own = new();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ActAsync(name, own);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                // The server was killed, perhaps while it answered: nobody knows what became of the request.
                if (!_outlivesFaults)
                    return;
            }
        }
    }

    private async Task ActAsync(string name, ConcurrentQueue<LedgerEntry> own)
    {
        int dice = RandomNumberGenerator.GetInt32(100);
        LedgerEntry? entry = own.IsEmpty ? null : own.ElementAt(RandomNumberGenerator.GetInt32(own.Count));
        if (entry is null || dice < 30)
            await GenerateAsync(
                $"{name}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}", dice == 0 ? "RSA-2048" : Pick(_usual), own);
        else if (dice < 40)
            await RotateAsync(entry.Name, entry.Algorithm, own);
        else if (dice < 50)
            await RotateSharedAsync(own);
        else if (dice < 58)
            await RetireAsync(entry);
        else if (dice < 66)
            await RevokeAsync(entry);
        else if (dice < 90)
            await UseAsync(entry);
        else if (dice < 97 && _ledger.Proofs.Count > 0)
            await Proofs.CheckAsync(_client, _ledger.Proofs.ElementAt(RandomNumberGenerator.GetInt32(_ledger.Proofs.Count)), _ledger);
        else
            Note(await _client.GetJsonAsync("/kms/keys?limit=50"));
    }

    private async Task GenerateAsync(string name, string algorithm, ConcurrentQueue<LedgerEntry> own)
    {
        _ledger.WillMake();
        Answer answer = await _client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"{{algorithm}}","name":"{{name}}"}""");
        NoteMade(answer, name, algorithm, own);
    }

    private async Task RotateSharedAsync(ConcurrentQueue<LedgerEntry> own)
    {
        string algorithm = Pick(_usual);
        if (!await RotateAsync(Shared, algorithm, own))
            await GenerateAsync(Shared, algorithm, own);
    }

    private async Task<bool> RotateAsync(string name, string algorithm, ConcurrentQueue<LedgerEntry> own)
    {
        _ledger.WillRotate(name, algorithm);
        _ledger.WillMake();
        Answer answer = await _client.PostJsonAsync("/kms/keys/rotate", $$"""{"algorithm":"{{algorithm}}","name":"{{name}}"}""");
        NoteMade(answer, name, algorithm, own);
        return answer.Status != HttpStatusCode.NotFound;
    }

    private async Task RetireAsync(LedgerEntry entry)
    {
        entry.MayBecome(Ranks.Retired);
        Answer answer = await _client.RetireAsync(entry.Number, entry.Algorithm, new { name = entry.Name, allow_no_active = true });
        if (Note(answer))
            _ledger.Became(entry, Ranks.Retired, _client);
    }

    private async Task RevokeAsync(LedgerEntry entry)
    {
        entry.MayBecome(Ranks.Revoked);
        if (Note(await _client.RevokeAsync(entry.Kid, """{"reason":"the load"}""")))
            _ledger.Became(entry, Ranks.Revoked, _client);
    }

    private async Task UseAsync(LedgerEntry entry)
    {
        if (await Proofs.MakeAsync(_client, entry, Note) is { } proof)
            _ledger.Prove(proof);
    }

    private void NoteMade(Answer answer, string name, string algorithm, ConcurrentQueue<LedgerEntry> own)
    {
        if (Note(answer))
            own.Enqueue(_ledger.Made(answer.Text("kid"), answer.Number("key_version"), name, algorithm));

        if (!IsUnknown(answer))
            _ledger.WasAnswered();
    }

    /// <summary>
    /// Whether it succeeded. Refusals that somebody else's change explains are answers; anything else is a fault of the service.
    /// </summary>
    private bool Note(Answer answer)
    {
        bool isRefusal = answer.Status is HttpStatusCode.Conflict or HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable
            || IsUnknown(answer);
        if ((int)answer.Status >= 400 && !isRefusal)
            _ledger.Fault($"{(int)answer.Status} {answer.Body}");

        return (int)answer.Status < 400;
    }

    // Only where the database itself is killed.
    private bool IsUnknown(Answer answer) =>
        _outlivesFaults
        && answer.Status == HttpStatusCode.InternalServerError
        && JsonDocument.Parse(answer.Body).RootElement.GetProperty("error").GetProperty("error_code").GetString() == "ERR_SERVICE_002";

    private static string Pick(string[] from) => from[RandomNumberGenerator.GetInt32(from.Length)];
}
