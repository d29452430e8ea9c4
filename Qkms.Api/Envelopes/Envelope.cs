using System.ComponentModel;

namespace Qkms.Api.Envelopes;

/// <summary>The body of every success.</summary>
/// <param name="Data">The result.</param>
/// <param name="RequestId">The id of the request: the caller's X-Request-ID if it is a UUID, otherwise a new one.</param>
/// <param name="Timestamp">Time of the response, UTC.</param>
internal sealed record Envelope<T>(
    T Data,
    [property: Field(Example = Examples.RequestId)]
    [property: Description("The id of the request: the caller's X-Request-ID if it is a UUID, otherwise a new one.")]
    Guid RequestId,
    [property: Field(Example = Examples.Time), Description("Time of the response, UTC.")] DateTimeOffset Timestamp);
