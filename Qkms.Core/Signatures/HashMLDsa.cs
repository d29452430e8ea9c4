using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Cryptography.Fips204;
using Qkms.Core.Errors;
using Shake256 = Qkms.Core.Cryptography.Fips202.Shake256;

namespace Qkms.Core.Signatures;

/// <summary>
/// HashML-DSA (FIPS 204, Algorithms 4 and 5). The platform's base class refuses a hash below the strength of the parameter set; section 5.4
/// asks for that strength without forbidding the rest, so such a hash goes by way of <see cref="IHashOfAnyStrength"/>, or of its μ.
/// </summary>
internal static class HashMLDsa
{
    private const int TrSize = 64;
    private const int MuSize = 64;

    /// <summary>Whether a hash is below the collision strength λ of the parameter set (FIPS 204, table 1 and section 5.4).</summary>
    public static bool IsWeak(KeyAlgorithm algorithm, SignatureHash hash) => hash.CollisionStrength < algorithm.Name switch
    {
        "ML-DSA-44" => 128,
        "ML-DSA-65" => 192,
        "ML-DSA-87" => 256,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    public static byte[] Sign(MLDsa key, KeyAlgorithm algorithm, ReadOnlySpan<byte> hash, SignatureHash function, ReadOnlySpan<byte> context)
    {
        byte[] signature = new byte[key.Algorithm.SignatureSizeInBytes];
        if (!IsWeak(algorithm, function))
            key.SignPreHash(hash, signature, function.ObjectIdentifier, context);
        else if (key is IHashOfAnyStrength any)
            any.SignHash(hash, context, function.ObjectIdentifier, signature);
        else
            SignMu(key, hash, function, context, signature);

        return signature;
    }

    public static bool Verify(MLDsa key, KeyAlgorithm algorithm, ReadOnlySpan<byte> hash, SignatureHash function, ReadOnlySpan<byte> context, ReadOnlySpan<byte> signature)
    {
        if (!IsWeak(algorithm, function))
            return key.VerifyPreHash(hash, signature, function.ObjectIdentifier, context);

        if (signature.Length != key.Algorithm.SignatureSizeInBytes)
            return false;

        return key is IHashOfAnyStrength any
            ? any.VerifyHash(hash, context, function.ObjectIdentifier, signature)
            : VerifyMu(key, hash, function, context, signature);
    }

    /// <summary>The refusal of a weak hash, by setting.</summary>
    public static KmsException WeakHashRefused(KeyAlgorithm algorithm, SignatureHash hash) => KmsErrors.Invalid.With(
        $"{hash} is weaker than {algorithm} (FIPS 204, section 5.4), and this service refuses weak hashes.",
        new FieldError("hash_algorithm", "is too weak for this key"));

    private static void SignMu(MLDsa key, ReadOnlySpan<byte> hash, SignatureHash function, ReadOnlySpan<byte> context, Span<byte> signature)
    {
        Span<byte> mu = stackalloc byte[MuSize];
        ComputeMu(key, hash, function, context, mu);
        key.SignMu(mu, signature);
    }

    private static bool VerifyMu(MLDsa key, ReadOnlySpan<byte> hash, SignatureHash function, ReadOnlySpan<byte> context, ReadOnlySpan<byte> signature)
    {
        Span<byte> mu = stackalloc byte[MuSize];
        ComputeMu(key, hash, function, context, mu);
        return key.VerifyMu(mu, signature);
    }

    // tr = H(pk, 64) (FIPS 204, Algorithm 6, line 9); nothing here is secret.
    private static void ComputeMu(MLDsa key, ReadOnlySpan<byte> hash, SignatureHash function, ReadOnlySpan<byte> context, Span<byte> mu)
    {
        Span<byte> tr = stackalloc byte[TrSize];
        Shake256.HashData(key.ExportMLDsaPublicKey(), default, tr);
        MessageFormat.ComputePreHashMu(tr, context, function.ObjectIdentifier, hash, mu);
    }
}
