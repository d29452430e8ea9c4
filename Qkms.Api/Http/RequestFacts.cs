using Qkms.Core;

namespace Qkms.Api.Http;

/// <summary>What is known of the request at hand. A service of its scope: found without a context that has to follow every await.</summary>
internal sealed class RequestFacts
{
    public Guid RequestId { get; set; }

    /// <summary>Who makes it, once authentication has found out.</summary>
    public Caller? Caller { get; set; }

    public static RequestFacts Of(HttpContext context) => context.RequestServices.GetRequiredService<RequestFacts>();
}
