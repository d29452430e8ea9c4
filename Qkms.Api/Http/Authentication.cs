using System.Diagnostics;
using Microsoft.AspNetCore.Authorization;
using Qkms.Core.Telemetry;

namespace Qkms.Api.Http;

/// <summary>
/// Lets through requests whose caller is proven, in the way of their protocol. Everything needs a caller unless its route says otherwise,
/// unknown routes too. Only then is anything said of the body.
/// </summary>
/// <remarks>One rule needs none of what the framework has for many, which costs as much as the rest of the check.</remarks>
internal sealed class Authentication(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Endpoint? endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<IAllowAnonymous>() is null && !await IsProvenAsync(context))
        {
            await Refusals.WriteAsync(context, KmsErrors.Unauthenticated.With(Protocol.Of(context).WantedProof));
            return;
        }

        if (endpoint?.Metadata.GetMetadata<TakesBody>() is not null)
            Protocol.Of(context).PrepareBody(context.Request);

        await next(context);
    }

    private static async ValueTask<bool> IsProvenAsync(HttpContext context)
    {
        using Activity? span = KmsActivities.Start(KmsActivities.Authenticate);
        if (await Protocol.Of(context).AuthenticateAsync(context) is not { } caller)
            return false;

        RequestFacts.Of(context).Caller = caller;
        return true;
    }
}
