using Microsoft.Net.Http.Headers;

namespace Qkms.Api.Keys;

/// <summary>The media types of public keys, and how one is chosen.</summary>
internal static class PublicKeyFormats
{
    public const string Pem = "application/x-pem-file";
    public const string Der = "application/octet-stream";
    public const string Jwk = "application/jwk+json";
    public const string JwkSet = "application/jwk-set+json";

    /// <summary>The words of <c>?format=</c>.</summary>
    public static readonly IReadOnlyDictionary<string, string> ByName = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["pem"] = Pem,
        ["der"] = Der,
        ["jwk"] = Jwk,
    };

    // In the order of preference when the caller has none.
    private static readonly string[] _offered = [Pem, Der, Jwk];

    /// <summary>The media type that suits an Accept header best (RFC 9110, 12.5.1); PEM when there is no preference.</summary>
    /// <exception cref="KmsException"><see cref="HttpErrors.NotAcceptable"/>.</exception>
    public static string Negotiate(IList<MediaTypeHeaderValue> accept)
    {
        if (accept.Count == 0)
            return Pem;

        return _offered.Select(type => (Type: type, Quality: QualityOf(accept, type)))
            .Where(offer => offer.Quality > 0)
            .OrderByDescending(offer => offer.Quality)
            .Select(offer => offer.Type)
            .FirstOrDefault() ?? throw HttpErrors.NotAcceptable.With($"A public key is available as {string.Join(", ", _offered)}.");
    }

    // The most specific range decides.
    private static double QualityOf(IList<MediaTypeHeaderValue> accept, string type)
    {
        MediaTypeHeaderValue offer = new(type);
        return accept.Where(offer.IsSubsetOf)
            .OrderBy(range => range.MatchesAllTypes ? 2 : range.MatchesAllSubTypes ? 1 : 0)
            .Select(range => range.Quality ?? 1)
            .FirstOrDefault();
    }
}
