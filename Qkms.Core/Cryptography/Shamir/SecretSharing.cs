using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.Shamir;

/// <summary>
/// Shamir's scheme (How to share a secret, Communications of the ACM 22, 1979) over GF(2^8), byte by byte: each byte of the secret is the
/// constant of a random polynomial of its own. A share is laid out as in HashiCorp Vault's package <c>shamir</c>: the values of all
/// polynomials at x, then x.
/// </summary>
internal static class SecretSharing
{
    /// <summary>The most shares: each has an x of its own, and 0 would be the secret.</summary>
    public const int MostShares = 255;

    /// <summary>How long a share of a secret is.</summary>
    public static int ShareSize(int secretSize) => secretSize + 1;

    /// <summary>Splits a secret: any <paramref name="threshold"/> of the shares give it back, fewer say nothing of it.</summary>
    /// <param name="secret">The secret, one byte or more.</param>
    /// <param name="shares">Takes the shares, one after the other; its length says how many.</param>
    /// <param name="threshold">How many give it back: 2 or more.</param>
    [TouchesSecrets]
    public static void Split(ReadOnlySpan<byte> secret, Span<byte> shares, int threshold)
    {
        int size = secret.Length + 1;
        int count = CountOf(shares.Length, size);
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threshold, count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MostShares);

        Span<byte> coefficients = stackalloc byte[MostShares];
        Span<byte> polynomial = coefficients[..threshold];
        try
        {
            for (int i = 0; i < secret.Length; i++)
            {
                RandomNumberGenerator.Fill(polynomial);
                polynomial[0] = secret[i];
                for (int share = 0; share < count; share++)
                    shares[(share * size) + i] = Evaluate(polynomial, (byte)(share + 1));
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(coefficients);
        }

        for (int share = 0; share < count; share++)
            shares[(share * size) + secret.Length] = (byte)(share + 1);
    }

    /// <summary>
    /// The secret of shares. Of fewer than the threshold, or of shares of different secrets, it is another one: the caller has to know it.
    /// </summary>
    /// <param name="shares">The shares, one after the other, no two with the same x and none with 0.</param>
    /// <param name="secret">Takes the secret; its length says how long they are.</param>
    /// <exception cref="ArgumentException">Two have the same x, or one has 0.</exception>
    [TouchesSecrets]
    public static void Combine(ReadOnlySpan<byte> shares, Span<byte> secret)
    {
        int size = secret.Length + 1;
        int count = CountOf(shares.Length, size);
        secret.Clear();
        for (int share = 0; share < count; share++)
        {
            // Where a polynomial is known at these x, its value at 0 is the sum of each value with this factor (Lagrange).
            byte factor = FactorAtZero(shares, size, count, share);
            ReadOnlySpan<byte> values = shares.Slice(share * size, secret.Length);
            for (int i = 0; i < secret.Length; i++)
                secret[i] ^= Gf256.Multiply(values[i], factor);
        }
    }

    [TouchesSecrets]
    private static byte Evaluate(ReadOnlySpan<byte> polynomial, byte x)
    {
        byte value = 0;
        for (int i = polynomial.Length - 1; i >= 0; i--)
            value = (byte)(Gf256.Multiply(value, x) ^ polynomial[i]);

        return value;
    }

    // Of x alone, which is no secret.
    private static byte FactorAtZero(ReadOnlySpan<byte> shares, int size, int count, int of)
    {
        byte x = shares[(of * size) + size - 1];
        byte factor = 1;
        for (int share = 0; share < count; share++)
        {
            byte other = shares[(share * size) + size - 1];
            if (other == 0 || (share != of && other == x))
                throw new ArgumentException("Each share has an x of its own, and none has 0.", nameof(shares));

            if (share != of)
                factor = Gf256.Multiply(factor, Gf256.Multiply(other, Gf256.Invert((byte)(other ^ x))));
        }

        return factor;
    }

    // Without a division, of which the length of a share may be an operand: it is public, and the tool that looks for divisions is strict.
    private static int CountOf(int length, int size)
    {
        int count = 0;
        while (length >= size)
        {
            length -= size;
            count++;
        }

        return length == 0 && count > 0 ? count : throw new ArgumentException("Shares have one length.", nameof(length));
    }
}
