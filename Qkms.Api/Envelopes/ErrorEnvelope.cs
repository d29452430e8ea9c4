using System.ComponentModel;

namespace Qkms.Api.Envelopes;

/// <summary>The body of every refusal.</summary>
/// <param name="Error">What is wrong.</param>
/// <param name="RequestId">The request's id.</param>
/// <param name="Timestamp">Time of the response, UTC.</param>
internal sealed record ErrorEnvelope(
    ErrorBody Error,
    [property: Field(Example = Examples.RequestId)]
    [property: Description("The id of the request: the caller's X-Request-ID if it is a UUID, otherwise a new one.")]
    Guid RequestId,
    [property: Field(Example = Examples.Time), Description("Time of the response, UTC.")] DateTimeOffset Timestamp);

/// <summary>What is wrong.</summary>
/// <param name="ErrorCode">The stable code.</param>
/// <param name="Message">A text for people; it may change.</param>
/// <param name="Details">The fields that are not valid; empty if the error is not about a field.</param>
internal sealed record ErrorBody(
    [property: ErrorCodeField, Description("The stable error code. The message may change.")] string ErrorCode,
    [property: MessageField, Description("A message for people.")] string Message,
    [property: Field(MaxItems = 20)]
    [property: Description("The fields that are not valid; empty if the error is not about a field.")]
    IReadOnlyList<ErrorDetail> Details);

/// <summary>One field and what is wrong with it.</summary>
/// <param name="Field">The field.</param>
/// <param name="Message">What is wrong with it.</param>
internal sealed record ErrorDetail(
    [property: Field(MaxLength = 64, Example = "algorithm")]
    [property: Description("The field, spelled as in the request; '(body)' or '(query)' if it is not a single field.")]
    string Field,
    [property: MessageField, Description("The problem, for people.")] string Message);
