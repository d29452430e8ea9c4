namespace Qkms.Api.Http;

/// <summary>
/// The verbs of route groups, in place of the framework's: a handler is compiled when its route is first asked for. The framework compiles
/// all of them before the first request is answered, and that request waits for sixty routes of which it needs one.
/// </summary>
/// <remarks>
/// A group is more than an <see cref="IEndpointRouteBuilder"/>, so that these are chosen without being named. What routes say about
/// themselves (parameters, bodies, answers) is known at once, as it is with the framework's own.
/// </remarks>
internal static class LazyRoutes
{
    public static RouteHandlerBuilder MapGet(this RouteGroupBuilder group, string pattern, Delegate handler) =>
        Map(group, pattern, handler, HttpMethods.Get);

    public static RouteHandlerBuilder MapPost(this RouteGroupBuilder group, string pattern, Delegate handler) =>
        Map(group, pattern, handler, HttpMethods.Post);

    public static RouteHandlerBuilder MapPatch(this RouteGroupBuilder group, string pattern, Delegate handler) =>
        Map(group, pattern, handler, HttpMethods.Patch);

    public static RouteHandlerBuilder MapDelete(this RouteGroupBuilder group, string pattern, Delegate handler) =>
        Map(group, pattern, handler, HttpMethods.Delete);

    private static RouteHandlerBuilder Map(RouteGroupBuilder group, string pattern, Delegate handler, string method) =>
        RouteHandlerServices.Map(group, pattern, handler, [method], RequestDelegateFactory.InferMetadata, Compile);

    private static RequestDelegateResult Compile(
        Delegate handler, RequestDelegateFactoryOptions options, RequestDelegateMetadataResult? metadata)
    {
        Lazy<RequestDelegate> compiled = new(() => RequestDelegateFactory.Create(handler, options, metadata).RequestDelegate);
        return new RequestDelegateResult(context => compiled.Value(context), metadata?.EndpointMetadata ?? []);
    }
}
