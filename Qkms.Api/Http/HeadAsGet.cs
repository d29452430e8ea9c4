using Microsoft.Extensions.Primitives;

namespace Qkms.Api.Http;

/// <summary>
/// Answers HEAD as GET wherever there is GET (RFC 9110, section 9.3.2): all that comes after this sees GET, and the server, which knows
/// better, sends the head alone. Refusals of other verbs name both.
/// </summary>
internal sealed class HeadAsGet(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        bool isHead = context.Request.Method == HttpMethods.Head;
        if (isHead)
            context.Request.Method = HttpMethods.Get;

        try
        {
            await next(context);
        }
        finally
        {
            if (isHead)
                context.Request.Method = HttpMethods.Head;
        }

        if (context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed && !context.Response.HasStarted)
            NameHead(context.Response.Headers);
    }

    private static void NameHead(IHeaderDictionary headers)
    {
        string[] verbs = headers.GetCommaSeparatedValues("Allow");
        if (Array.Exists(verbs, HttpMethods.IsGet) && !Array.Exists(verbs, HttpMethods.IsHead))
            headers.Allow = new StringValues(string.Join(", ", [.. verbs, HttpMethods.Head]));
    }
}
