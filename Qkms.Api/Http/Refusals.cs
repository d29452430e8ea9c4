using Microsoft.AspNetCore.Http.Features;
using Qkms.Core.Telemetry;

namespace Qkms.Api.Http;

/// <summary>Turns refusals into responses: the only place that knows both the catalogue and HTTP.</summary>
internal static class Refusals
{
    /// <summary>The status of a refusal.</summary>
    public static int StatusOf(KmsError error) => HttpErrors.Statuses.TryGetValue(error, out int status) ? status : StatusOf(error.Kind);

    /// <summary>The status of a kind of refusal.</summary>
    public static int StatusOf(KmsErrorKind kind) => kind switch
    {
        KmsErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        KmsErrorKind.Forbidden => StatusCodes.Status403Forbidden,
        KmsErrorKind.Invalid => StatusCodes.Status400BadRequest,
        KmsErrorKind.NotFound => StatusCodes.Status404NotFound,
        KmsErrorKind.Conflict => StatusCodes.Status409Conflict,
        KmsErrorKind.RateLimited => StatusCodes.Status429TooManyRequests,
        KmsErrorKind.Internal => StatusCodes.Status500InternalServerError,
        KmsErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The refusal for a status that the framework set without a body, or null.</summary>
    public static KmsError? ForStatus(int status) => status switch
    {
        StatusCodes.Status404NotFound => KmsErrors.NotFound,
        StatusCodes.Status405MethodNotAllowed => HttpErrors.WrongVerb,
        StatusCodes.Status406NotAcceptable => HttpErrors.NotAcceptable,
        StatusCodes.Status408RequestTimeout => HttpErrors.TooSlow,
        StatusCodes.Status413PayloadTooLarge => HttpErrors.TooLarge,
        StatusCodes.Status415UnsupportedMediaType => HttpErrors.UnsupportedMediaType,
        >= 400 and < 500 => KmsErrors.Invalid,
        >= 500 => KmsErrors.Internal,
        _ => null,
    };

    /// <summary>Counts a refusal, and has the protocol of the request write it.</summary>
    public static Task WriteAsync(HttpContext context, KmsException refusal)
    {
        if (refusal.Error.Kind is KmsErrorKind.Unavailable or KmsErrorKind.RateLimited)
            context.Response.Headers.RetryAfter = RetryAfter(refusal.RetryAfter);

        RequestFacts.Of(context).ErrorCode = refusal.Error.Code;
        KmsMeter.Refusals.Add(1, KeyValuePair.Create<string, object?>(KmsMeter.ErrorCodeLabel, refusal.Error.Code));
        context.Features.Get<IHttpActivityFeature>()?.Activity.SetTag(KmsMeter.ErrorCodeLabel, refusal.Error.Code);
        return Protocol.Of(context).WriteRefusalAsync(context, refusal);
    }

    // Whole seconds, rounded up, and never "at once".
    private static string RetryAfter(TimeSpan? wait) =>
        Math.Max(1, (int)Math.Ceiling((wait ?? TimeSpan.FromSeconds(1)).TotalSeconds))
            .ToString(System.Globalization.CultureInfo.InvariantCulture);
}
