using System.Runtime.CompilerServices;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Pqc.Crypto.Crystals.Dilithium;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>
/// Reaches the arrays in which BouncyCastle 2.7.0 keeps the private parts of a key, which it does not zero: moves them to where the garbage
/// collector makes no copies of them, and zeroes them in the end. A test fails when a version of the package moves a field or adds one.
/// </summary>
/// <remarks>
/// Out of reach are the arrays that BouncyCastle makes and drops while it computes, and copies that the garbage collector makes of the
/// key's own while it is expanded (docs/engines.md).
/// </remarks>
internal static class PrivateArrays
{
    /// <summary>Pins the seed and dk of a key that nobody else has seen yet.</summary>
    internal static MLKemPrivateKeyParameters Pin(MLKemPrivateKeyParameters key)
    {
        Pin(ref Seed(key));
        Pin(ref Encoding(key)!);
        return key;
    }

    /// <summary>
    /// Pins ξ, K, s₁, s₂ and t₀ of a key that nobody else has seen yet; ρ, tr and t₁ are public, and shared with the public key.
    /// </summary>
    internal static MLDsaPrivateKeyParameters Pin(MLDsaPrivateKeyParameters key)
    {
        Pin(ref Seed(key));
        Pin(ref K(key)!);
        Pin(ref S1(key)!);
        Pin(ref S2(key)!);
        Pin(ref T0(key)!);
        return key;
    }

    /// <summary>Zeroes the seed and dk; the key is of no use afterwards.</summary>
    internal static void Erase(MLKemPrivateKeyParameters key) => Erase(Seed(key), Encoding(key));

    /// <summary>Zeroes ξ, K, s₁, s₂ and t₀; the key is of no use afterwards.</summary>
    internal static void Erase(MLDsaPrivateKeyParameters key) => Erase(Seed(key), K(key), S1(key), S2(key), T0(key));

    /// <summary>The same for the copy that <see cref="FormattedMessageSigner"/> signs with.</summary>
#pragma warning disable CS0618 // Marked obsolete in favour of the classes of ML-DSA, which do not sign formatted messages.
    internal static void Erase(DilithiumPrivateKeyParameters key) => Erase(K(key), S1(key), S2(key), T0(key));
#pragma warning restore CS0618

    /// <summary>Zeroes a number; one that BouncyCastle may share, such as its constants, must not be given.</summary>
    internal static void Erase(BigInteger secret) => Cryptography.Erase.Memory(Magnitude(secret).AsSpan());

    private static void Pin(ref byte[]? array)
    {
        if (array is null)
            return;

        byte[] pinned = Bytes.Pinned(array);
        Cryptography.Erase.Memory(array.AsSpan());
        array = pinned;
    }

    private static void Erase(params ReadOnlySpan<byte[]?> arrays)
    {
        foreach (byte[]? array in arrays)
            Cryptography.Erase.Memory(array.AsSpan());
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_seed")]
    private static extern ref byte[]? Seed(MLKemPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_encoding")]
    private static extern ref byte[] Encoding(MLKemPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_seed")]
    private static extern ref byte[]? Seed(MLDsaPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_k")]
    private static extern ref byte[] K(MLDsaPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_s1")]
    private static extern ref byte[] S1(MLDsaPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_s2")]
    private static extern ref byte[] S2(MLDsaPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_t0")]
    private static extern ref byte[] T0(MLDsaPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "magnitude")]
    private static extern ref uint[] Magnitude(BigInteger number);

#pragma warning disable CS0618 // As above.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_k")]
    private static extern ref byte[] K(DilithiumPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_s1")]
    private static extern ref byte[] S1(DilithiumPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_s2")]
    private static extern ref byte[] S2(DilithiumPrivateKeyParameters key);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_t0")]
    private static extern ref byte[] T0(DilithiumPrivateKeyParameters key);
#pragma warning restore CS0618
}
