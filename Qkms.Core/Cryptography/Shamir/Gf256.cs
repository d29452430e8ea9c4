namespace Qkms.Core.Cryptography.Shamir;

/// <summary>
/// GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1 (0x11B, FIPS 197, section 4.2), without a table and without a branch on what may be
/// secret.
/// </summary>
internal static class Gf256
{
    private const int Polynomial = 0x11B;

    /// <summary>The product: shift and add, reduced at each step.</summary>
    [TouchesSecrets]
    public static byte Multiply(byte left, byte right)
    {
        int product = 0;
        int shifted = left;
        int rest = right;
        for (int bit = 0; bit < 8; bit++)
        {
            product ^= -(rest & 1) & shifted;
            shifted <<= 1;
            shifted ^= -(shifted >> 8) & Polynomial;
            rest >>= 1;
        }

        return (byte)product;
    }

    /// <summary>The inverse, a^254 by squaring and multiplying in one fixed order; 0 of 0.</summary>
    [TouchesSecrets]
    public static byte Invert(byte value)
    {
        byte power = value;
        byte result = 1;
        for (int i = 1; i < 8; i++)
        {
            // 254 is the sum of 2^1 to 2^7.
            power = Multiply(power, power);
            result = Multiply(result, power);
        }

        return result;
    }
}
