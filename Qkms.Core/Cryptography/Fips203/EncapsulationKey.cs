using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>
/// An encapsulation key with everything computed that does not depend on the message: Â, t̂ and H(ek). Immutable; nothing in it is secret.
/// </summary>
internal sealed class EncapsulationKey
{
    private readonly ParameterSet _set;
    private readonly byte[] _encoded;
    private readonly byte[] _hash = new byte[ParameterSet.SeedSize];
    private readonly short[] _matrix;
    private readonly short[] _t;

    /// <summary>The key of which <paramref name="matrix"/> and <paramref name="t"/> were just generated; takes over the arrays.</summary>
    internal EncapsulationKey(ParameterSet set, byte[] encoded, short[] matrix, short[] t)
    {
        _set = set;
        _encoded = encoded;
        _matrix = matrix;
        _t = t;
        Sponge.Sha3_256(encoded, [], _hash);
    }

    internal ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>H(ek).</summary>
    internal ReadOnlySpan<byte> Hash => _hash;

    /// <summary>Decodes a key of the right length and checks that its coefficients are below q (FIPS 203, section 7.2).</summary>
    /// <exception cref="CryptographicException">A coefficient is not reduced.</exception>
    internal static EncapsulationKey Decode(ParameterSet set, ReadOnlySpan<byte> encoded)
    {
        short[] t = GC.AllocateUninitializedArray<short>(set.K * ParameterSet.N);
        if (!ByteCodec.DecodeVector(encoded, new NttVector(t)))
            throw new CryptographicException("The encapsulation key is not valid: a coefficient is not below the modulus.");

        short[] matrix = GC.AllocateUninitializedArray<short>(set.K * set.K * ParameterSet.N);
        Sampling.ExpandMatrix(set, encoded[set.EncodedVectorSize..], new NttVector(matrix));
        return new EncapsulationKey(set, encoded.ToArray(), matrix, t);
    }

    /// <summary>FIPS 203, Algorithm 17.</summary>
    /// <param name="message">m, 32 secret random bytes.</param>
    /// <param name="ciphertext">Receives c.</param>
    /// <param name="sharedSecret">Receives K.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Encapsulate(ReadOnlySpan<byte> message, Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        Span<byte> derived = stackalloc byte[64];
        try
        {
            // (K, r) = G(m ‖ H(ek))
            Sponge.Sha3_512(message, _hash, derived);
            Encrypt(message, derived[32..], ciphertext);
            derived[..32].CopyTo(sharedSecret);
        }
        finally
        {
            Erase.Memory(derived);
            Erase.Stack();
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Encrypt(ReadOnlySpan<byte> message, ReadOnlySpan<byte> randomness, Span<byte> ciphertext) =>
        KPke.Encrypt(_set, new NttVector(_matrix), new NttVector(_t), message, randomness, ciphertext);
}
