using System.Security.Cryptography;

namespace Qkms.Core.ApiKeys;

/// <summary>Letters and digits from random bytes, by arithmetic instead of a table: no memory access depends on a secret.</summary>
internal static class Base62
{
    /// <summary>Fills with letters and digits, each of the 62 equally likely.</summary>
    public static void FillRandom(Span<byte> destination)
    {
        Span<byte> draws = stackalloc byte[64];
        try
        {
            int filled = 0;
            while (filled < destination.Length)
            {
                RandomNumberGenerator.Fill(draws);
                foreach (byte draw in draws)
                {
                    // A rejected draw says nothing about the accepted ones.
                    int digit = draw & 0x3F;
                    if (digit < 62 && filled < destination.Length)
                        destination[filled++] = ToCharacter(digit);
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(draws);
        }
    }

    /// <summary>The character of a digit 0 … 61: <c>0-9A-Za-z</c>, without a branch.</summary>
    public static byte ToCharacter(int digit)
    {
        int beyondDigits = (9 - digit) >> 31;
        int beyondCapitals = (35 - digit) >> 31;
        return (byte)('0' + digit + (beyondDigits & 7) + (beyondCapitals & 6));
    }
}
