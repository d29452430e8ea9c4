using Microsoft.AspNetCore.Diagnostics;
using Qkms.Api.Auth;
using Qkms.Core;
using Qkms.Core.Audit;
using Qkms.Core.Protection;

namespace Qkms.Api.Http;

/// <summary>The one handler of everything that is thrown: refusals are answered as they say, bad requests by field, the unknown says nothing.</summary>
internal sealed partial class RefusalHandler(IntegrityAlarm alarm, ILogger<RefusalHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested && exception is (OperationCanceledException or IOException))
        {
            // Nobody is there to read an answer.
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        await Refusals.WriteAsync(httpContext, await TranslateAsync(httpContext, exception));
        return true;
    }

    private async Task<KmsException> TranslateAsync(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case KmsException refusal:
                return refusal;

            case BadHttpRequestException bad:
                return BadRequests.Translate(context, bad);

            case SealBrokenException broken:
                await alarm.RaiseAsync(CallerAccess.TryGet(context), broken.What);
                return KmsErrors.Internal.Refusal();

            default:
                LogUnexpected(logger, exception, RequestIdentity.Of(context));
                return KmsErrors.Internal.Refusal();
        }
    }

    [LoggerMessage(2001, LogLevel.Error, "Request {RequestId} failed unexpectedly.")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, Guid requestId);
}
