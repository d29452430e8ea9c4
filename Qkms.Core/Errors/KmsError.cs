namespace Qkms.Core.Errors;

/// <summary>One entry of the catalogue of refusals.</summary>
/// <param name="Code">The stable code, <c>ERR_…</c>, that clients may compare.</param>
/// <param name="Kind">The kind of refusal.</param>
/// <param name="Message">The default text for people; it may change.</param>
internal sealed record KmsError(string Code, KmsErrorKind Kind, string Message)
{
    /// <summary>This refusal with its own text.</summary>
    public KmsException Refusal() => new(this, Message);

    /// <summary>This refusal with a text of its own: identifiers only, never input bytes.</summary>
    public KmsException With(string message) => new(this, message);

    /// <summary>This refusal with its own text, and when to retry.</summary>
    public KmsException RetryAfter(TimeSpan delay) => new(this, Message) { RetryAfter = delay };

    /// <summary>
    /// This refusal, blamed on fields of the request. Many clients show the message alone, so it says what is wrong with the first field:
    /// where <paramref name="message"/> does not, that is added.
    /// </summary>
    public KmsException With(string message, params IReadOnlyList<FieldError> details) =>
        new(this, Explained(message, details)) { Details = details };

    private static string Explained(string message, IReadOnlyList<FieldError> details) =>
        details is [var first, ..] && !message.Contains(first.Message, StringComparison.Ordinal)
            ? $"{message.TrimEnd('.')}: {first.Message}."
            : message;
}
