using Qkms.Core;

namespace Qkms.Api.Auth;

/// <summary>The caller of the request at hand, once authentication has found one.</summary>
internal static class CallerAccess
{
    private static readonly object _key = new();

    public static void Set(HttpContext context, Caller caller) => context.Items[_key] = caller;

    public static Caller? TryGet(HttpContext context) => context.Items[_key] as Caller;

    public static Caller Get(HttpContext context) =>
        TryGet(context) ?? throw new InvalidOperationException("A route without authentication asked for its caller.");
}
