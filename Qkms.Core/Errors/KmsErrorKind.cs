namespace Qkms.Core.Errors;

/// <summary>The kind of a refusal. The HTTP layer turns each kind into one status code; nothing below it knows HTTP.</summary>
internal enum KmsErrorKind
{
    /// <summary>The caller is not known.</summary>
    Unauthenticated,

    /// <summary>The caller is known and may not do this.</summary>
    Forbidden,

    /// <summary>The request is malformed, or this key cannot do it in any state.</summary>
    Invalid,

    /// <summary>The request is larger than allowed.</summary>
    TooLarge,

    /// <summary>The media type of the request body is not supported.</summary>
    UnsupportedMediaType,

    /// <summary>The route exists but does not support this verb.</summary>
    WrongVerb,

    /// <summary>No representation that the caller accepts.</summary>
    NotAcceptable,

    /// <summary>The thing does not exist for this caller.</summary>
    NotFound,

    /// <summary>The state of the thing does not allow it.</summary>
    Conflict,

    /// <summary>Too many requests.</summary>
    RateLimited,

    /// <summary>A fault of the service. The answer carries no detail.</summary>
    Internal,

    /// <summary>Not available now, and nothing was committed.</summary>
    Unavailable,
}
