namespace Qkms.Api.Http;

/// <summary>The refusals that only HTTP knows, and their statuses.</summary>
internal static class HttpErrors
{
    /// <summary>A body that is too large.</summary>
    public static readonly KmsError TooLarge = new("ERR_INVALID_002", KmsErrorKind.Invalid, "The request is too large.");

    /// <summary>A body that is not JSON by its media type.</summary>
    public static readonly KmsError UnsupportedMediaType = new("ERR_INVALID_003", KmsErrorKind.Invalid,
        "The body must be JSON: send 'Content-Type: application/json' (with curl: --json, or -H 'Content-Type: application/json').");

    /// <summary>A verb that the route does not know.</summary>
    public static readonly KmsError WrongVerb = new("ERR_INVALID_004", KmsErrorKind.Invalid,
        "This route does not support this method; the Allow header lists the methods that it supports.");

    /// <summary>An Accept header that no representation satisfies.</summary>
    public static readonly KmsError NotAcceptable = new(
        "ERR_INVALID_005", KmsErrorKind.Invalid, "This resource is not available in a type that the Accept header allows.");

    /// <summary>A body that arrives too slowly.</summary>
    public static readonly KmsError TooSlow = new("ERR_INVALID_006", KmsErrorKind.Invalid, "The body arrived too slowly.");

    /// <summary>Each of them, with its status.</summary>
    public static readonly IReadOnlyDictionary<KmsError, int> Statuses = new Dictionary<KmsError, int>
    {
        [TooLarge] = StatusCodes.Status413PayloadTooLarge,
        [UnsupportedMediaType] = StatusCodes.Status415UnsupportedMediaType,
        [WrongVerb] = StatusCodes.Status405MethodNotAllowed,
        [NotAcceptable] = StatusCodes.Status406NotAcceptable,
        [TooSlow] = StatusCodes.Status408RequestTimeout,
    };
}
