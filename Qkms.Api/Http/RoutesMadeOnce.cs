using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace Qkms.Api.Http;

/// <summary>
/// The routes of a group, made once. The framework makes them anew for whoever asks: for the table of permissions at the start, and for
/// the first request once more.
/// </summary>
internal sealed class RoutesMadeOnce : EndpointDataSource
{
    private readonly Lazy<IReadOnlyList<Endpoint>> _made;

    private RoutesMadeOnce(EndpointDataSource[] sources) =>
        _made = new Lazy<IReadOnlyList<Endpoint>>(() => [.. sources.SelectMany(source => source.Endpoints)]);

    /// <inheritdoc/>
    public override IReadOnlyList<Endpoint> Endpoints => _made.Value;

    /// <summary>Takes the place of all that was mapped so far; call it when everything is.</summary>
    public static void Replace(IEndpointRouteBuilder app)
    {
        RoutesMadeOnce once = new([.. app.DataSources]);
        app.DataSources.Clear();
        app.DataSources.Add(once);
    }

    /// <inheritdoc/>
    public override IChangeToken GetChangeToken() => NullChangeToken.Singleton;
}
