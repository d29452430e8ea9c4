using System.Buffers.Text;
using System.ComponentModel;
using System.Text.Json.Serialization;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Keys;

namespace Qkms.Api.Keys;

/// <summary>
/// A public key as a JWK (RFC 7517): RSA and EC as in RFC 7518, Ed25519 as in RFC 8037, ML-DSA as in RFC 9964 (kty AKP), ML-KEM in the
/// same key type as draft-ietf-jose-pqc-kem proposes.
/// </summary>
internal sealed record JsonWebKey
{
    [Description("The key type: AKP for ML-KEM and ML-DSA, RSA, EC for ECDSA, or OKP for Ed25519.")]
    [JwkKeyTypeField]
    public required string Kty { get; init; }

    [Description("The id of the key version.")]
    [KidField]
    public required string Kid { get; init; }

    [Description("'enc' or 'sig': RFC 7517 has one word for encryption and key agreement.")]
    [Field(Words = ["enc", "sig"], Example = "enc")]
    public required string Use { get; init; }

    [Description("The JOSE algorithm, if the key has only one.")]
    [JwkAlgorithmField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Alg { get; init; }

    [Description("AKP: the raw public key, base64url.")]
    [Base64UrlField(Example = "e0SG2_a4eShVyqI0")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Pub { get; init; }

    [Description("EC and OKP: the curve.")]
    [Field(Words = ["P-256", "P-384", "P-521", "Ed25519"])]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Crv { get; init; }

    [Description("OKP: the raw public key; EC: the first coordinate of the point; base64url.")]
    [Base64UrlField(Example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? X { get; init; }

    [Description("EC: the second coordinate of the point, base64url.")]
    [Base64UrlField(Example = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Y { get; init; }

    [Description("RSA: the modulus, base64url.")]
    [Base64UrlField(Example = "4eShVyqI0e0SG2_a")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? N { get; init; }

    [Description("RSA: the public exponent, base64url.")]
    [Base64UrlField(Example = "AQAB")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? E { get; init; }

    public static JsonWebKey From(KeyVersion version)
    {
        JwkPublicKey key = PublicKeyEncoding.ToJwk(version);
        return new JsonWebKey
        {
            Kty = version.Algorithm.Family.JwkKeyType,
            Kid = version.Kid.Value,
            Use = version.Use == KeyUse.Signature ? "sig" : "enc",
            Alg = key.Algorithm,
            Pub = Encode(key.PublicKey),
            Crv = key.Curve,
            X = Encode(key.X),
            Y = Encode(key.Y),
            N = Encode(key.Modulus),
            E = Encode(key.Exponent),
        };
    }

    private static string? Encode(byte[]? bytes) => bytes is null ? null : Base64Url.EncodeToString(bytes);
}
