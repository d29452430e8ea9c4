namespace Qkms.Core.Errors;

/// <summary>What sort of refusal an error is. The HTTP layer turns each kind into one status code; nothing below it knows HTTP.</summary>
public enum KmsErrorKind
{
    /// <summary>The caller is not known.</summary>
    Unauthenticated,

    /// <summary>The caller is known and may not do this.</summary>
    Forbidden,

    /// <summary>The request is malformed, or cannot be carried out with this key whatever its state.</summary>
    Invalid,

    /// <summary>The request is larger than allowed.</summary>
    TooLarge,

    /// <summary>The request body has a media type that is not understood.</summary>
    UnsupportedMediaType,

    /// <summary>The route exists and does not know this verb.</summary>
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
