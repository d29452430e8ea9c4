namespace Qkms.Tests.Support;

/// <summary>
/// Tests over HTTP. Each test has a service with a data directory of its own, which starts when the test first asks it for something;
/// <see cref="ShareServiceAsync"/> spares it that start.
/// </summary>
public abstract class ServiceTests : IAsyncLifetime
{
    private readonly Lazy<QkmsApplication> _app;
    private readonly Lazy<HttpClient> _client;
    private HttpClient? _onShared;

    protected ServiceTests()
    {
        _app = new Lazy<QkmsApplication>(NewApplication);
        _client = new Lazy<HttpClient>(() => App.Client());
    }

    /// <summary>The service of this test alone.</summary>
    private protected QkmsApplication App => _onShared is null
        ? _app.Value
        : throw new InvalidOperationException("This test shares its service: it only speaks HTTP.");

    /// <summary>A client that speaks for the first tenant; for a tenant of this test, where it shares its service.</summary>
    private protected HttpClient Client => _onShared ?? _client.Value;

    /// <summary>The time on the service's clock.</summary>
    private protected DateTimeOffset Now => (_onShared is null ? _app.Value : SharedServiceTests.App).Time.GetUtcNow();

    /// <summary>
    /// Has this test use the service of <see cref="SharedServiceTests"/>, under the conditions that are said there, with a tenant that no
    /// other test knows. It is the first thing that the test does.
    /// </summary>
    private protected async Task ShareServiceAsync()
    {
        _app.IsValueCreated.Should().BeFalse("a test has one service");
        _onShared = await SharedServiceTests.StrangerAsync();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _onShared?.Dispose();
        if (_client.IsValueCreated)
            _client.Value.Dispose();

        if (_app.IsValueCreated)
            await _app.Value.DisposeAsync();
    }

    /// <summary>The service as it is, unless a class needs it otherwise.</summary>
    private protected virtual QkmsApplication NewApplication() => new();
}
