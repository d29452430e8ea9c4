using Qkms.Api.Http;
using Qkms.Core.Callers;

namespace Qkms.Api.Auth;

/// <summary>The caller of the current request, once authenticated.</summary>
internal static class CallerAccess
{
    public static Caller? TryGet(HttpContext context) => RequestFacts.Of(context).Caller;

    public static Caller Get(HttpContext context) => RequestFacts.Of(context).RequireCaller();
}
