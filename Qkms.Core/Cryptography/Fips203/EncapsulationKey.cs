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

    /// <summary>Â, row by row, then t̂.</summary>
    private readonly short[] _elements;

    /// <summary>The key of which <paramref name="elements"/> were just generated; takes over the arrays.</summary>
    internal EncapsulationKey(ParameterSet set, byte[] encoded, short[] elements)
    {
        _set = set;
        _encoded = encoded;
        _elements = elements;
        Sponge.Sha3_256(encoded, [], _hash);
    }

    internal ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>H(ek).</summary>
    internal ReadOnlySpan<byte> Hash => _hash;

    /// <summary>Decodes a key of the right length and checks that its coefficients are below q (FIPS 203, section 7.2).</summary>
    /// <exception cref="CryptographicException">A coefficient is not reduced.</exception>
    internal static EncapsulationKey Decode(ParameterSet set, ReadOnlySpan<byte> encoded)
    {
        short[] elements = AllocateElements(set);
        if (!ByteCodec.DecodeVector(encoded, TOf(set, elements)))
            throw new CryptographicException("The encapsulation key is not valid: a coefficient is not below the modulus.");

        Sampling.ExpandMatrix(set, encoded[set.EncodedVectorSize..], MatrixOf(set, elements));
        return new EncapsulationKey(set, encoded.ToArray(), elements);
    }

    /// <summary>Memory for Â and t̂.</summary>
    internal static short[] AllocateElements(ParameterSet set) =>
        GC.AllocateUninitializedArray<short>(set.K * (set.K + 1) * ParameterSet.N);

    internal static NttVector MatrixOf(ParameterSet set, short[] elements) => new(elements.AsSpan(0, set.K * set.K * ParameterSet.N));

    internal static NttVector TOf(ParameterSet set, short[] elements) => new(elements.AsSpan(set.K * set.K * ParameterSet.N));

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
        KPke.Encrypt(_set, MatrixOf(_set, _elements), TOf(_set, _elements), message, randomness, ciphertext);
}
