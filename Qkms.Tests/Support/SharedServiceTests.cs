namespace Qkms.Tests.Support;

/// <summary>
/// Tests that only speak HTTP: they share one service, and each has a tenant of its own. A test that moves the clock, changes rows, reads
/// the log or counts what the service does needs one for itself, as <see cref="ServiceTests"/> have.
/// </summary>
public abstract class SharedServiceTests : IAsyncLifetime
{
    private static readonly Lazy<QkmsApplication> _shared = new(Start);

    private static int _tenants;

    private string? _apiKey;
    private HttpClient? _client;

    /// <summary>The service that others use at the same time.</summary>
    internal static QkmsApplication App => _shared.Value;

    /// <summary>A client that speaks for the tenant of this test.</summary>
    private protected HttpClient Client => _client!;

    public async Task InitializeAsync()
    {
        _apiKey = await App.CreateTenantAsync($"of a test {Interlocked.Increment(ref _tenants)}");
        _client = App.ClientFor(_apiKey);
    }

    public Task DisposeAsync()
    {
        _client?.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>A client of a tenant that no other test knows.</summary>
    internal static async Task<HttpClient> StrangerAsync() =>
        App.ClientFor(await App.CreateTenantAsync($"stranger {Interlocked.Increment(ref _tenants)}"));

    /// <summary>A client of this test's tenant whose API key allows less.</summary>
    private protected async Task<HttpClient> NarrowedClientAsync(string? permissions = null, string? keyScope = null) =>
        App.ClientFor(await App.CreateApiKeyAsync(
            _apiKey!, Roles.Admin, credential => credential with { Permissions = permissions, KeyScope = keyScope }));

    private static QkmsApplication Start()
    {
        // Its own looks are rare: they would write into the instruments, which all of this process share, what tests of those look for.
        QkmsApplication shared = new()
        {
            Settings = { ["Qkms:Destruction:SweepInterval"] = "01:00:00", ["Qkms:Rotation:Interval"] = "01:00:00" },
        };
        _ = shared.Services;   // two that ask at once would start it twice
        AppDomain.CurrentDomain.ProcessExit += (_, _) => shared.Dispose();
        return shared;
    }
}
