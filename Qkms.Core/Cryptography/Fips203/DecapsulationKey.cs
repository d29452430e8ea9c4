using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>A decapsulation key, expanded: ŝ, z, and the encapsulation key that belongs to it. Zeroed when disposed.</summary>
/// <remarks>
/// Operations may run at the same time, also when the key is disposed: they end with the key as it was.
/// </remarks>
internal sealed class DecapsulationKey : IDisposable
{
    private readonly ParameterSet _set;

    /// <summary>ŝ as factors, then z, then d where the key <see cref="HasSeed"/>.</summary>
    private readonly SecretMemory _secrets;

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private DecapsulationKey(
        ParameterSet set, SecretMemory secrets, ReadOnlySpan<byte> z, ReadOnlySpan<byte> d, EncapsulationKey encapsulationKey)
    {
        _set = set;
        _secrets = secrets;
        HasSeed = !d.IsEmpty;
        EncapsulationKey = encapsulationKey;
        Span<byte> seeds = secrets.Bytes[set.FactorsSize..];
        z.CopyTo(seeds);
        d.CopyTo(seeds[ParameterSet.SeedSize..]);
    }

    internal EncapsulationKey EncapsulationKey { get; }

    /// <summary>Whether the key was made from its seed, and keeps it.</summary>
    internal bool HasSeed { get; }

    /// <summary>ŝ, for an operation that keeps the secrets.</summary>
    internal FactorVector S
    {
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => FactorsOf(_set, _secrets);
    }

    private ReadOnlySpan<byte> Z
    {
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _secrets.Bytes.Slice(_set.FactorsSize, ParameterSet.SeedSize);
    }

    private ReadOnlySpan<byte> D
    {
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _secrets.Bytes.Slice(_set.FactorsSize + ParameterSet.SeedSize, ParameterSet.SeedSize);
    }

    /// <summary>FIPS 203, Algorithm 16.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="seed">d ‖ z, 64 secret random bytes.</param>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static DecapsulationKey FromSeed(ParameterSet set, ReadOnlySpan<byte> seed)
    {
        ReadOnlySpan<byte> d = seed[..ParameterSet.SeedSize];
        Span<byte> rhoAndSigma = stackalloc byte[2 * ParameterSet.SeedSize];
        try
        {
            KPke.DeriveSeeds(set, d, rhoAndSigma);
            return FromDerivedSeeds(set, rhoAndSigma, seed[ParameterSet.SeedSize..], d);
        }
        finally
        {
            Erase.Memory(rhoAndSigma);
            Erase.StackAndRegisters();
        }
    }

    /// <summary>
    /// The key of ρ ‖ σ and z. Without <paramref name="d"/> it has no seed to export: tests of the draft standard, which derived ρ and σ in
    /// another way, enter here.
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static DecapsulationKey FromDerivedSeeds(
        ParameterSet set, ReadOnlySpan<byte> rhoAndSigma, ReadOnlySpan<byte> z, ReadOnlySpan<byte> d = default)
    {
        ReadOnlySpan<byte> rho = rhoAndSigma[..ParameterSet.SeedSize];
        short[] elements = EncapsulationKey.AllocateElements(set);
        NttVector matrix = EncapsulationKey.MatrixOf(set, elements);
        NttVector t = EncapsulationKey.TOf(set, elements);
        var secrets = new SecretMemory(set.Secrets);
        byte[] encoded = new byte[set.Algorithm.EncapsulationKeySizeInBytes];

        KPke.GenerateKey(set, rho, rhoAndSigma[ParameterSet.SeedSize..], matrix, t, FactorsOf(set, secrets));
        ByteCodec.EncodeVector(t, encoded);
        rho.CopyTo(encoded.AsSpan(set.EncodedVectorSize));
        return new DecapsulationKey(set, secrets, z, d, new EncapsulationKey(set, encoded, elements));
    }

    /// <summary>
    /// Decodes dk = dk_PKE ‖ ek ‖ H(ek) ‖ z of the right length, with the hash check of FIPS 203, section 7.3, and the
    /// modulus check of the ek inside.
    /// </summary>
    /// <exception cref="CryptographicException">The hash does not match, or a coefficient of ek is not below q.</exception>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static DecapsulationKey Decode(ParameterSet set, ReadOnlySpan<byte> encoded)
    {
        ReadOnlySpan<byte> encodedPublic = encoded.Slice(set.EncodedVectorSize, set.Algorithm.EncapsulationKeySizeInBytes);
        ReadOnlySpan<byte> hash = encoded.Slice(set.EncodedVectorSize + encodedPublic.Length, ParameterSet.SeedSize);
        EncapsulationKey encapsulationKey = EncapsulationKey.Decode(set, encodedPublic);
        if (!CryptographicOperations.FixedTimeEquals(hash, encapsulationKey.Hash))
            throw new CryptographicException("The decapsulation key is not valid: it does not hold the hash of its encapsulation key.");

        // The modulus of dk_PKE is not checked: FIPS 203 asks for its reduction only, and a refusal would depend on the secret.
        var secrets = new SecretMemory(set.Secrets);
        Span<short> decoded = stackalloc short[ParameterSet.MaxK * ParameterSet.N];
        try
        {
            NttVector vector = new(decoded[..(set.K * ParameterSet.N)]);
            ByteCodec.DecodeVector(encoded, vector);
            Products.Prepare(vector, FactorsOf(set, secrets));
        }
        finally
        {
            Erase.Memory(decoded);
            Erase.StackAndRegisters();
        }

        return new DecapsulationKey(set, secrets, encoded[^ParameterSet.SeedSize..], d: default, encapsulationKey);
    }

    /// <summary>Writes d ‖ z of a key that <see cref="HasSeed"/>.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void WriteSeed(Span<byte> destination)
    {
        using SecretMemory.Lease use = _secrets.Use();
        D.CopyTo(destination);
        Z.CopyTo(destination[ParameterSet.SeedSize..]);
    }

    /// <summary>Writes dk = dk_PKE ‖ ek ‖ H(ek) ‖ z (FIPS 203, Algorithm 16, line 3).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Encode(Span<byte> destination)
    {
        using SecretMemory.Lease use = _secrets.Use();
        Span<short> memory = stackalloc short[ParameterSet.MaxK * ParameterSet.N];
        try
        {
            NttVector s = new(memory[..(_set.K * ParameterSet.N)]);
            Products.Restore(S, s);
            ByteCodec.EncodeVector(s, destination);
        }
        finally
        {
            Erase.Memory(memory);
        }

        destination = destination[_set.EncodedVectorSize..];
        EncapsulationKey.Encoded.CopyTo(destination);
        destination = destination[EncapsulationKey.Encoded.Length..];
        EncapsulationKey.Hash.CopyTo(destination);
        Z.CopyTo(destination[ParameterSet.SeedSize..]);
    }

    /// <summary>Whether <paramref name="encoded"/> is this key's dk, compared in constant time.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal bool EncodesTo(ReadOnlySpan<byte> encoded)
    {
        byte[] own = GC.AllocateArray<byte>(_set.Algorithm.DecapsulationKeySizeInBytes, pinned: true);
        try
        {
            Encode(own);
            return CryptographicOperations.FixedTimeEquals(own, encoded);
        }
        finally
        {
            Erase.Memory(own.AsSpan());
        }
    }

    /// <summary>
    /// FIPS 203, Algorithm 18, with implicit rejection: a ciphertext that was not made by encapsulation gives a secret of
    /// its own, in the same time.
    /// </summary>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Decapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        using SecretMemory.Lease use = _secrets.Use();
        Span<byte> message = stackalloc byte[ParameterSet.SeedSize];
        Span<byte> derived = stackalloc byte[64];
        Span<byte> rejected = stackalloc byte[ParameterSet.SeedSize];
        Span<byte> memory = stackalloc byte[ParameterSet.MaxCiphertextSize];
        Span<byte> recomputed = memory[..ciphertext.Length];
        try
        {
            KPke.Decrypt(_set, S, ciphertext, message);

            // (K', r') = G(m' ‖ h), K̄ = J(z ‖ c), c' = K-PKE.Encrypt(ek, m', r')
            Sponge.Sha3_512(message, EncapsulationKey.Hash, derived);
            Sponge.Shake256(Z, ciphertext, rejected);
            EncapsulationKey.Encrypt(message, derived[32..], recomputed);

            // Neither a branch nor an early end: the difference is gathered over all bytes and spread to a mask of eight ones or zeros.
            int difference = 0;
            for (int i = 0; i < recomputed.Length; i++)
                difference |= recomputed[i] ^ ciphertext[i];
            int keep = (difference - 1) >> 31;
            for (int i = 0; i < rejected.Length; i++)
                sharedSecret[i] = (byte)((derived[i] & keep) | (rejected[i] & ~keep));
        }
        finally
        {
            Erase.Memory(message);
            Erase.Memory(derived);
            Erase.Memory(rejected);
            Erase.Memory(memory);
            Erase.Stack();
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FactorVector FactorsOf(ParameterSet set, SecretMemory secrets) =>
        new(MemoryMarshal.Cast<byte, short>(secrets.Bytes[..set.FactorsSize]));

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Dispose() => _secrets.Dispose();
}
