namespace Qkms.Tests.Support;

/// <summary>
/// Tests over HTTP. Each test has a service with a data directory of its own, which starts when the test first asks it for something.
/// </summary>
public abstract class ServiceTests : IAsyncLifetime
{
    private readonly Lazy<QkmsApplication> _app;
    private readonly Lazy<HttpClient> _client;

    protected ServiceTests()
    {
        _app = new Lazy<QkmsApplication>(NewApplication);
        _client = new Lazy<HttpClient>(() => App.Client());
    }

    /// <summary>The service.</summary>
    private protected QkmsApplication App => _app.Value;

    /// <summary>A client that speaks for the first tenant.</summary>
    private protected HttpClient Client => _client.Value;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_client.IsValueCreated)
            _client.Value.Dispose();

        if (_app.IsValueCreated)
            await _app.Value.DisposeAsync();
    }

    /// <summary>The service as it is, unless a class needs it otherwise.</summary>
    private protected virtual QkmsApplication NewApplication() => new();
}
