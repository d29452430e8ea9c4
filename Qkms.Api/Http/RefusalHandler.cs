using Qkms.Api.Logging;
using Qkms.Core.Cryptography;
using Qkms.Core.Journal;
using Qkms.Core.Sealing;
using Qkms.Core.Tenants;

namespace Qkms.Api.Http;

/// <summary>
/// Writes the response of every request that failed: refusals as they are, bad requests by field, unknown errors without details, and a
/// status that the framework set without a body. One stage does what the framework has two for; every request passes it.
/// </summary>
internal sealed partial class RefusalHandler(
    RequestDelegate next, RefusalJournal refusals, TenantStates tenants, IntegrityAlarm alarm, ILogger<RefusalHandler> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            HttpResponse response = context.Response;
            if (response.StatusCode >= 400
                && !response.HasStarted
                && response.ContentLength is null
                && string.IsNullOrEmpty(response.ContentType))
                await ExplainStatusAsync(context);
            else if (RequestFacts.Of(context).Caller is { RefusedItems.Count: > 0 } caller)
                refusals.NoteItems(caller, RouteOf(context));
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, exception);
        }
    }

    private static Task ExplainStatusAsync(HttpContext context) =>
        Refusals.ForStatus(context.Response.StatusCode) is { } error
            ? Refusals.WriteAsync(
                context, error == KmsErrors.NotFound ? error.With("There is no such route. See /swagger for the routes.") : error.Refusal())
            : Task.CompletedTask;

    private async Task AnswerAsync(HttpContext context, Exception exception)
    {
        if (context.RequestAborted.IsCancellationRequested && exception is (OperationCanceledException or IOException))
        {
            // Nobody is there to read an answer.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }

        context.Response.Clear();
        RequestIdentity.WriteHeaders(context);
        KmsException refusal = await TranslateAsync(context, exception);
        Note(context, refusal.Error);
        await Refusals.WriteAsync(context, refusal);
    }

    // Of a route that needs no caller nobody is known, and where there is no route nothing was refused.
    private void Note(HttpContext context, KmsError error)
    {
        if (!RefusalJournal.Tells(error) || RequestFacts.Of(context).Caller is not { } caller || context.GetEndpoint() is not RouteEndpoint)
            return;

        // A permission is missed before anybody looks for a key.
        RouteValueDictionary route = context.Request.RouteValues;
        if (caller.Asked is null && Kid.TryParse((route["kid"] ?? route["key"]) as string, out Kid kid))
            caller.Asked = new AskedKey(kid);

        refusals.Note(caller, error, RouteOf(context));
    }

    private static string RouteOf(HttpContext context) => $"{RequestLog.MethodWord(context)} {RequestLog.Template(context)}";

    private async Task<KmsException> TranslateAsync(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case KmsException refusal:
                return refusal;

            case BadHttpRequestException bad:
                return Protocol.Of(context).Explain(context, bad);

            case SealBrokenException broken:
                return await TranslateAsync(RequestFacts.Of(context).Caller, broken);

            case EngineFaultException fault:
                await alarm.RaiseAsync(RequestFacts.Of(context).Caller, fault);
                return KmsErrors.Internal.Refusal();

            default:
                LogUnexpected(logger, exception, RequestIdentity.Of(context));
                return KmsErrors.Internal.Refusal();
        }
    }

    // Of a tenant that was deleted while its request was under way, nothing is as it was, and nobody has tampered with it.
    private async Task<KmsException> TranslateAsync(Caller? caller, SealBrokenException broken)
    {
        try
        {
            if (caller is not null && await tenants.IsDeletedAsync(caller.TenantId, CancellationToken.None))
                return KmsErrors.TenantSuspended.Refusal();
        }
        catch (KmsException refusal)
        {
            return refusal;
        }
        catch (SealBrokenException)
        {
            // The row that says so is broken as well.
        }

        await alarm.RaiseAsync(caller, broken.What);
        return KmsErrors.Internal.Refusal();
    }

    [LoggerMessage(ApiEvents.UnexpectedFailure, LogLevel.Error, "Request {RequestId} failed unexpectedly.")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, Guid requestId);
}
