using System.Buffers.Text;
using System.ComponentModel;
using System.Text.Json.Serialization;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Keys;

namespace Qkms.Api.Keys;

/// <summary>
/// A public key as a JWK (RFC 7517): RSA as in RFC 7518, ML-DSA as in RFC 9964 (kty AKP), ML-KEM in the same key type as
/// draft-ietf-jose-pqc-kem proposes.
/// </summary>
internal sealed record JsonWebKey
{
    [Description("The key type: RSA, or AKP for ML-KEM and ML-DSA.")]
    public required string Kty { get; init; }

    [Description("The id of the key version.")]
    public required string Kid { get; init; }

    [Description("'enc' or 'sig'.")]
    public required string Use { get; init; }

    [Description("The JOSE algorithm, if the key has only one.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Alg { get; init; }

    [Description("AKP: the raw public key, base64url.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Pub { get; init; }

    [Description("RSA: the modulus, base64url.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? N { get; init; }

    [Description("RSA: the public exponent, base64url.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? E { get; init; }

    public static JsonWebKey From(KeyVersion version) =>
        version.Algorithm.Family == KeyAlgorithmFamily.Rsa ? FromRsa(version) : FromAkp(version);

    private static JsonWebKey FromRsa(KeyVersion version)
    {
        (byte[] modulus, byte[] exponent) = PublicKeyEncoding.RsaNumbers(version);
        return new JsonWebKey
        {
            Kty = version.Algorithm.JwkKeyType,
            Kid = version.Kid.Value,
            Use = version.Use.ToWire(),
            Alg = RsaAlgorithm(version),
            N = Base64Url.EncodeToString(modulus),
            E = Base64Url.EncodeToString(exponent),
        };
    }

    private static JsonWebKey FromAkp(KeyVersion version) => new()
    {
        Kty = version.Algorithm.JwkKeyType,
        Kid = version.Kid.Value,
        Use = version.Use.ToWire(),
        Alg = version.Algorithm.Name,
        Pub = Base64Url.EncodeToString(PublicKeyEncoding.Raw(version)),
    };

    // The names of IANA's JOSE registry. PSS keys sign with any of three hashes, so none is named for them.
    private static string? RsaAlgorithm(KeyVersion version) => version.OaepHash switch
    {
        "SHA-1" => "RSA-OAEP",
        "SHA-256" => "RSA-OAEP-256",
        "SHA-384" => "RSA-OAEP-384",
        "SHA-512" => "RSA-OAEP-512",
        _ => null,
    };
}
