namespace Qkms.Api.Http;

/// <summary>Facts about the current request; a scoped service, so that handlers can ask for them.</summary>
internal sealed class RequestFacts
{
    /// <summary>The id that the answer names: the caller's if he sent one, else <see cref="ServerRequestId"/>.</summary>
    public Guid RequestId { get; private set; }

    /// <summary>An id that the service made for this request and no other.</summary>
    public Guid ServerRequestId { get; private set; }

    /// <summary>The caller, once authenticated.</summary>
    public Caller? Caller { get; set; }

    /// <summary>The monotonic clock before the caller was looked for.</summary>
    public long ProvenAt { get; set; }

    /// <summary>Why there is no <see cref="Caller"/>, while there is none.</summary>
    public StrangerRequest Stranger { get; set; } = StrangerRequest.NotAsked;

    /// <summary>The code of the error that the request was answered with; null for none.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>The caller of a route that needs one.</summary>
    public Caller RequireCaller() => Caller ?? throw new InvalidOperationException("A route without authentication asked for its caller.");

    public static RequestFacts Of(HttpContext context) =>
        context.Features.Get<RequestFacts>()
        ?? throw new InvalidOperationException($"{nameof(RequestIdentity)} stands before all that asks for a request's facts.");

    /// <summary>Begins the facts of a request. They are asked for often, so they are kept where no scope has to be searched.</summary>
    public static void Begin(HttpContext context, Guid requestId, Guid serverRequestId)
    {
        RequestFacts facts = context.RequestServices.GetRequiredService<RequestFacts>();
        (facts.RequestId, facts.ServerRequestId) = (requestId, serverRequestId);
        context.Features.Set(facts);
    }
}
