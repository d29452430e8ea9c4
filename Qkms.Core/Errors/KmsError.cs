namespace Qkms.Core.Errors;

/// <summary>One entry of the catalogue of refusals.</summary>
/// <param name="Code">The stable code, <c>ERR_…</c>, that clients may compare.</param>
/// <param name="Kind">What sort of refusal it is.</param>
/// <param name="Message">The text for people when nothing more specific is said; it may change.</param>
public sealed record KmsError(string Code, KmsErrorKind Kind, string Message)
{
    /// <summary>This refusal with its own text.</summary>
    public KmsException Refusal() => new(this, Message);

    /// <summary>This refusal with a text that names the thing refused: identifiers only, never input bytes.</summary>
    public KmsException With(string message) => new(this, message);

    /// <summary>This refusal with its own text, and when trying again makes sense.</summary>
    public KmsException RetryAfter(TimeSpan delay) => new(this, Message) { RetryAfter = delay };

    /// <summary>This refusal, blamed on fields of the request.</summary>
    public KmsException With(string message, params IReadOnlyList<FieldError> details) => new(this, message) { Details = details };
}
