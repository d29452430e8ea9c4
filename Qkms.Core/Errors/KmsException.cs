namespace Qkms.Core.Errors;

/// <summary>A refusal from the catalogue. Answers are returned; only refusals are thrown.</summary>
public sealed class KmsException : Exception
{
    internal KmsException(KmsError error, string message)
        : base(message) => Error = error;

    /// <summary>The catalogue entry.</summary>
    public KmsError Error { get; }

    /// <summary>The fields to blame; empty when it is not a matter of one field.</summary>
    public IReadOnlyList<FieldError> Details { get; init; } = [];

    /// <summary>When trying again makes sense, for <see cref="KmsErrorKind.Unavailable"/> and <see cref="KmsErrorKind.RateLimited"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
