using System.ComponentModel;

namespace Qkms.Api.Http;

/// <summary>The body of every success.</summary>
/// <param name="Data">What was asked for.</param>
/// <param name="RequestId">The request's id: the caller's X-Request-ID if it was a UUID, else a fresh one.</param>
/// <param name="Timestamp">When the answer was made, UTC.</param>
internal sealed record Envelope<T>(
    T Data,
    [property: Description("The id of the request: the caller's X-Request-ID if it is a UUID, otherwise a new one.")] Guid RequestId,
    [property: Description("Time of the response, UTC.")] DateTimeOffset Timestamp);
