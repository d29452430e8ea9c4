using Qkms.Core.Idempotency;

namespace Qkms.Api.Idempotency;

/// <summary>The answer of the first time: status, address and data as they were then, in an envelope with the id and the time of this request.</summary>
internal sealed class RepeatedResult(AnswerToKeep answer) : IResult
{
    public const string HeaderName = "Idempotency-Replayed";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers[HeaderName] = "true";
        if (answer.Content.Length == 0)
        {
            httpContext.Response.StatusCode = answer.Status;
            return Task.CompletedTask;
        }

        KeptContent content = KeptResults.Decode(answer, httpContext.RequestServices);
        if (content.Location is { } location)
            httpContext.Response.Headers.Location = $"{httpContext.Request.PathBase}{location}";

        return Enveloped.WriteAsync(httpContext, answer.Status, content.Data);
    }
}
