using System.Formats.Asn1;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>From a message and its context to μ, the 64 bytes that are signed (FIPS 204, Algorithms 2 to 5, and line 6 of Algorithm 7).</summary>
internal static class MessageFormat
{
    private const byte Pure = 0;
    private const byte PreHash = 1;

    /// <summary>μ of M' = 0 ‖ |ctx| ‖ ctx ‖ M (FIPS 204, Algorithm 2, line 10).</summary>
    internal static void ComputeMu(ReadOnlySpan<byte> tr, ReadOnlySpan<byte> context, ReadOnlySpan<byte> message, Span<byte> mu)
    {
        var shake = Sponge.NewShake256();
        shake.Absorb(tr);
        shake.Absorb([Pure, (byte)context.Length]);
        shake.Absorb(context);
        shake.Absorb(message);
        shake.Squeeze(mu);
    }

    /// <summary>μ of M' = 1 ‖ |ctx| ‖ ctx ‖ OID ‖ PH(M), the OID in DER (FIPS 204, Algorithm 4, line 23).</summary>
    internal static void ComputePreHashMu(ReadOnlySpan<byte> tr, ReadOnlySpan<byte> context, string oid, ReadOnlySpan<byte> hash, Span<byte> mu)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(oid);

        var shake = Sponge.NewShake256();
        shake.Absorb(tr);
        shake.Absorb([PreHash, (byte)context.Length]);
        shake.Absorb(context);
        shake.Absorb(writer.Encode());
        shake.Absorb(hash);
        shake.Squeeze(mu);
    }

    /// <summary>μ of a formatted message M', as the internal interface takes it (FIPS 204, Algorithm 7, line 6).</summary>
    internal static void ComputeFormattedMu(ReadOnlySpan<byte> tr, ReadOnlySpan<byte> formatted, Span<byte> mu) =>
        Sponge.Shake256(tr, formatted, mu);
}
