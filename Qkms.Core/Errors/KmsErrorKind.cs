namespace Qkms.Core.Errors;

/// <summary>The kind of a refusal. A protocol turns each kind into a status of its own.</summary>
internal enum KmsErrorKind
{
    /// <summary>The caller is not known.</summary>
    Unauthenticated,

    /// <summary>The caller is known and may not do this.</summary>
    Forbidden,

    /// <summary>The request is malformed, or this key cannot do it in any state.</summary>
    Invalid,

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
