using Qkms.Api.Fields;
using Qkms.Core.Algorithms;

namespace Qkms.Api.Macs;

/// <summary>Message authentication codes by HMAC keys.</summary>
internal static class MacEndpoints
{
    /// <summary>The default algorithm.</summary>
    public static readonly KeyAlgorithm DefaultAlgorithm = KeyAlgorithm.Hmac256;

    public static IEndpointRouteBuilder MapMacs(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder macs = app.MapGroup("/mac").WithTag("MACs", "Message authentication codes with HMAC keys.");
        macs.MapGenerateMac();
        macs.MapVerifyMac();
        return app;
    }
}

/// <summary>A MAC. One that is too long is wrong, not refused: any length that a request body holds is allowed.</summary>
internal sealed class MacFieldAttribute : BytesFieldAttribute
{
    public MacFieldAttribute()
        : base(0, 2 * SizeRules.MaxPayload) => Example = Examples.Bytes;
}
