using System.ComponentModel;

namespace Qkms.Api.Http;

/// <summary>The body of every refusal.</summary>
/// <param name="Error">What is wrong.</param>
/// <param name="RequestId">The request's id.</param>
/// <param name="Timestamp">When the answer was made, UTC.</param>
internal sealed record ErrorEnvelope(
    ErrorBody Error,
    [property: Description("The request's id: the caller's X-Request-ID if it was a UUID, else a fresh one.")] Guid RequestId,
    [property: Description("When the answer was made, UTC.")] DateTimeOffset Timestamp);

/// <summary>What is wrong.</summary>
/// <param name="ErrorCode">The stable code.</param>
/// <param name="Message">A text for people; it may change.</param>
/// <param name="Details">The fields to blame; empty when it is not a matter of one field.</param>
internal sealed record ErrorBody(
    [property: Description("The stable code; the message may change.")] string ErrorCode,
    [property: Description("A text for people.")] string Message,
    [property: Description("The fields to blame; empty when it is not a matter of one field.")] IReadOnlyList<ErrorDetail> Details);

/// <summary>One field and what is wrong with it.</summary>
/// <param name="Field">The field.</param>
/// <param name="Message">What is wrong with it.</param>
internal sealed record ErrorDetail(
    [property: Description("The field, as the caller spells it; '(body)' or '(query)' when it is no single one.")] string Field,
    [property: Description("What is wrong with it, for people.")] string Message);
