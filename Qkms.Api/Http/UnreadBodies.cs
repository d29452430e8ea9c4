using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Qkms.Api.Http;

/// <summary>
/// A request is often answered before its body was read. A server that then closes resets the connection, and the reset takes the answer
/// away from clients that write first and read afterwards. So what is left of a body is read and thrown away, up to a limit in bytes and
/// in time: the server does so by itself for bodies that it would read, and this does it for longer ones, whose connection then ends.
/// </summary>
internal sealed class UnreadBodies(RequestDelegate next)
{
    /// <summary>The most that is thrown away, in bytes.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    // As long as the server takes for its part.
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(5);

    public async Task InvokeAsync(HttpContext context)
    {
        bool isTooLong = context.Request.ContentLength > MostBytes;
        if (isTooLong && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";

        await next(context);
        if (isTooLong && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
            await ThrowAwayAsync(context);
            context.Abort();
        }
    }

    private static async Task ThrowAwayAsync(HttpContext context)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(_longest);
        try
        {
            await context.Response.CompleteAsync();
            PipeReader reader = context.Request.BodyReader;
            for (long left = MostBytes; left > 0;)
            {
                ReadResult result = await reader.ReadAsync(limit.Token);
                left -= result.Buffer.Length;
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    return;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Long enough, or the client has gone.
        }
    }
}
