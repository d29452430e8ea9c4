using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Cryptography;
using Qkms.Core.Errors;
using Qkms.Core.Idempotency;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Names;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Benchmarks.Scale;

/// <summary>
/// Fills an installation that has had its first start: every row is written by the code that writes it in the service, with its seal and
/// its event, but without HTTP. What is there already stays, so that a run that was cut off goes on.
/// </summary>
internal sealed class ScaleFill : IDisposable
{
    /// <summary>The key with very many versions.</summary>
    internal const string LongKey = "long";

    /// <summary>Holds the API keys of the first tenants, for requests of many tenants in turn.</summary>
    internal const string ApiKeysFile = "scale-api-keys";

    // Most keys are rotated now and then.
    private const int VersionsOfKey = 4;

    // How many tenants' API keys are kept.
    private const int KnownTenants = 1_000;

    private readonly ServiceProvider _services;
    private readonly IKmsStore _store;
    private readonly KeyLifecycle _lifecycle;
    private readonly ITenantRepository _tenants;
    private readonly KeyRows _rows;
    private readonly ScaleOptions _options;
    private readonly string _directory;
    private readonly TextWriter _output;
    private readonly Lock _lock = new();
    private int _done;
    private int _written;

    private ScaleFill(ServiceProvider services, ScaleOptions options, string directory, TextWriter output)
    {
        _services = services;
        _store = services.GetRequiredService<IKmsStore>();
        _lifecycle = services.GetRequiredService<KeyLifecycle>();
        _tenants = services.GetRequiredService<ITenantRepository>();
        _rows = services.GetRequiredService<KeyRows>();
        (_options, _directory, _output) = (options, directory, output);
    }

    /// <summary>How many keys each tenant has.</summary>
    internal static int KeysOfTenant(ScaleOptions options) => Math.Max(1, options.Versions / options.Tenants / VersionsOfKey);

    /// <summary>Fills what is missing.</summary>
    /// <param name="store">The store, open; no service runs on it.</param>
    /// <param name="directory">Its data directory.</param>
    /// <param name="options">How much.</param>
    /// <param name="output">Is told how far it is.</param>
    internal static async Task RunAsync(IKmsStore store, string directory, ScaleOptions options, TextWriter output)
    {
        ServiceProvider services = await InProcess.OpenAsync(store, directory, PqcEngines.Select(PqcEngines.BouncyCastle));
        using ScaleFill fill = new(services, options, directory, output);
        await fill.RunAsync();
    }

    public void Dispose() => _services.Dispose();

    private async Task RunAsync()
    {
        long start = Stopwatch.GetTimestamp();
        await MakeLongKeyAsync();
        Dictionary<string, TenantId> there = await ListTenantsAsync();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, _options.Tenants),
            new ParallelOptions { MaxDegreeOfParallelism = _options.Writers },
            async (number, _) =>
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"scale-{number:D6}");
                await FillTenantAsync(number, name, there.TryGetValue(name, out TenantId id) ? id : null);
                Tell(start);
            });
    }

    private async Task MakeLongKeyAsync()
    {
        Tenant first = (await _store.ReadAsync(_tenants.FindFirstAsync, CancellationToken.None))!.UnverifiedRow;
        Caller caller = CallerOf(first.Id);
        int version = await GenerateAsync(caller, LongKey);
        while (version < _options.Long)
        {
            version = await RotateAsync(caller, LongKey);
            if (version % 1_000 == 0)
                await _output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"the longest key has {version:N0} versions"));
        }
    }

    private async Task<Dictionary<string, TenantId>> ListTenantsAsync()
    {
        const int PageSize = 1_000;
        Dictionary<string, TenantId> names = new(StringComparer.Ordinal);
        TenantId? last = null;
        IReadOnlyList<Sealed<Tenant>> page;
        do
        {
            TenantId? before = last;
            page = await _store.ReadAsync(
                session => _tenants.ListAsync(session, new TenantFilter(null, null), before, PageSize), CancellationToken.None);
            foreach (Tenant tenant in page.Select(row => row.UnverifiedRow))
                names[tenant.Name] = (last = tenant.Id).Value;
        }
        while (page.Count == PageSize);

        return names;
    }

    private async Task FillTenantAsync(int number, string name, TenantId? id)
    {
        Caller caller = id is { } known
            ? CallerOf(known)
            : await InProcess.AddTenantAsync(_services, name, apiKey =>
            {
                if (number < KnownTenants)
                    Keep(Encoding.ASCII.GetString(apiKey.Text.Span));
            });
        for (int key = 0; key < KeysOfTenant(_options); key++)
        {
            string keyName = string.Create(CultureInfo.InvariantCulture, $"key-{key}");
            int version = await GenerateAsync(caller, keyName);
            while (version < VersionsOfKey)
                version = await RotateAsync(caller, keyName);
        }
    }

    /// <summary>Makes a key unless it is there; the number of its newest version.</summary>
    private async Task<int> GenerateAsync(Caller caller, string name)
    {
        KeySelector key = SelectorOf(name);
        try
        {
            GenerateKeyCommand command = new(key, key.Algorithm.Name, Kid: null, OaepHash: null, KeyLimitChanges.None);
            Done<KeyVersion> made = await _lifecycle.GenerateAsync(caller, command, request: null, CancellationToken.None);
            Interlocked.Increment(ref _written);
            return made.Result.Version;
        }
        catch (KmsException e) when (e.Error == KmsErrors.ActiveKeyExists)
        {
            KeyAndVersion? newest = await _store.ReadAsync(
                session => _rows.FindWithNewestAsync(session, key.ForNew(caller)), CancellationToken.None);
            return newest!.Version.Version;
        }
    }

    private async Task<int> RotateAsync(Caller caller, string name)
    {
        KeySelector key = SelectorOf(name);
        Done<KeyRotation> rotated = await _lifecycle.RotateAsync(
            caller, new RotateKeyCommand(key, key.Algorithm.Name, null, KeyLimitChanges.None), request: null, CancellationToken.None);
        Interlocked.Increment(ref _written);
        return rotated.Result.Active.Version;
    }

    private static KeySelector SelectorOf(string name) => new(KeyAlgorithm.Aes256, KeyName.FromStored(name), KeyUse.Encryption);

    private Caller CallerOf(TenantId tenant) => InProcess.CallerOf(_services, tenant, new CredentialId(Guid.Empty));

    private void Keep(string apiKey)
    {
        lock (_lock)
            File.AppendAllText(Path.Combine(_directory, ApiKeysFile), apiKey + "\n");
    }

    private void Tell(long start)
    {
        int done = Interlocked.Increment(ref _done);
        if (done % 500 != 0)
            return;

        double rate = _written / Stopwatch.GetElapsedTime(start).TotalSeconds;
        _output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{done:N0} tenants, {_written:N0} versions written, {rate:N0} a second"));
    }
}
