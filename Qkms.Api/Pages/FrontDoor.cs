namespace Qkms.Api.Pages;

/// <summary>
/// What a browser asks for by itself when somebody opens the address of the service: the root, and an icon. Both are open, and say nothing
/// that <c>/swagger</c> does not say.
/// </summary>
/// <param name="next">What comes after.</param>
/// <param name="takesTargets">Whether the root takes the operations of AWS KMS, which a header names.</param>
internal sealed class FrontDoor(RequestDelegate next, bool takesTargets)
{
    private const string Root = "/";
    private const string Icon = "/favicon.ico";
    // HEAD comes here as GET.
    private const string Verbs = "GET, HEAD";

    public Task InvokeAsync(HttpContext context)
    {
        PathString path = context.Request.Path;
        bool isRoot = !path.HasValue || path.Value == Root;
        if ((!isRoot && path.Value != Icon) || (isRoot && takesTargets && HasTarget(context.Request)))
            return next(context);

        HttpResponse response = context.Response;
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            // Without a target it is no operation of AWS KMS, whose routes have this path.
            context.SetEndpoint(null);
            response.Headers.Allow = Verbs;
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        if (isRoot)
            return WelcomeAsync(response, context.Request.PathBase + "/swagger/index.html");

        response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static bool HasTarget(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.Headers.ContainsKey("X-Amz-Target");

    // A browser follows; a client that does not shows the sentence (RFC 9110, section 15.4.3).
    private static Task WelcomeAsync(HttpResponse response, string page)
    {
        response.StatusCode = StatusCodes.Status302Found;
        response.Headers.Location = page;
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync($"Qkms, a key management service. {page} describes its API; the API needs the header x-api-key.\n");
    }
}
