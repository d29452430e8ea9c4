using System.Formats.Asn1;

namespace Qkms.Tests.Cryptography;

/// <summary>Containers that the engines read but do not write, and mutilated ones.</summary>
internal static class Pkcs8
{
    /// <summary>The third form of the choice: SEQUENCE { seed, expandedKey }.</summary>
    internal static byte[] Both(string oid, byte[] seed, byte[] expanded)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            using (writer.PushSequence())
                writer.WriteObjectIdentifier(oid);
            using (writer.PushOctetString())
            using (writer.PushSequence())
            {
                writer.WriteOctetString(seed);
                writer.WriteOctetString(expanded);
            }
        }

        return writer.Encode();
    }

    /// <summary>
    /// Every byte of the headers changed, every shorter prefix of them, and one byte more are refused, always with the same exception.
    /// </summary>
    internal static void RefusesEveryMutilation(byte[] container, int headers, Func<byte[], IDisposable> import)
    {
        import(container).Dispose();
        int lastArc = container.AsSpan().IndexOf<byte>([0x06, 0x09]) + 10;
        for (int i = 0; i < headers; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] changed = [.. container];
                changed[i] ^= (byte)(1 << bit);

                // One bit makes one parameter set to another whose seeds are as long.
                if (i == lastArc)
                    continue;
                FluentActions.Invoking(() => import(changed)).Should().Throw<CryptographicException>("byte {0} was changed", i);
            }

            FluentActions.Invoking(() => import(container[..i])).Should().Throw<CryptographicException>("{0} bytes", i);
        }

        FluentActions.Invoking(() => import([.. container, 0])).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => import(container[..^1])).Should().Throw<CryptographicException>();
    }
}
