namespace Qkms.Core.Errors;

/// <summary>A refusal from the catalogue. Results are returned; only refusals are thrown.</summary>
internal sealed class KmsException : Exception
{
    internal KmsException(KmsError error, string message)
        : base(message) => Error = error;

    /// <summary>The catalogue entry.</summary>
    public KmsError Error { get; }

    /// <summary>The fields that are not valid; empty if the error is not about a field.</summary>
    public IReadOnlyList<FieldError> Details { get; init; } = [];

    /// <summary>The same refusal, and when to retry.</summary>
    public KmsException After(TimeSpan delay) => new(Error, Message) { Details = Details, RetryAfter = delay };

    /// <summary>When to retry, for <see cref="KmsErrorKind.Unavailable"/> and <see cref="KmsErrorKind.RateLimited"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>A field of a request and its error.</summary>
/// <param name="Field">The field's name as the caller spells it.</param>
/// <param name="Message">The error, or a value that belongs to the field.</param>
internal sealed record FieldError(string Field, string Message);
