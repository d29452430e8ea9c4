using Qkms.Api.Http;
using Qkms.Core;

namespace Qkms.Api.Auth;

/// <summary>The caller of the request at hand, once authentication has found one.</summary>
internal static class CallerAccess
{
    public static void Set(HttpContext context, Caller caller) => RequestFacts.Of(context).Caller = caller;

    public static Caller? TryGet(HttpContext context) => RequestFacts.Of(context).Caller;

    public static Caller Get(HttpContext context) =>
        Require(RequestFacts.Of(context));

    /// <summary>The caller of the request whose facts these are.</summary>
    public static Caller Require(RequestFacts facts) =>
        facts.Caller ?? throw new InvalidOperationException("A route without authentication asked for its caller.");
}
