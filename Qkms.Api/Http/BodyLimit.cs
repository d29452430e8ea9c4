namespace Qkms.Api.Http;

/// <summary>How long the body of a route may be, in bytes.</summary>
internal sealed record BodyLimit(int Bytes)
{
    /// <summary>Of every route that does not say otherwise: room for a context whose every character is escaped.</summary>
    public static readonly BodyLimit Usual = new(64 * 1024);

    /// <summary>Of routes that carry a plaintext, a ciphertext or a message of up to 1 MB in base64.</summary>
    public static readonly BodyLimit Payload = new(2 * 1024 * 1024);
}

/// <summary>Limits of routes.</summary>
internal static class BodyLimits
{
    /// <summary>Says that the body of a route carries a payload.</summary>
    public static RouteHandlerBuilder CarriesPayload(this RouteHandlerBuilder route) => route.WithMetadata(BodyLimit.Payload);
}
