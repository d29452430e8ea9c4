using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>
/// A private key, expanded: s₁, s₂ and t₀ in the image of the transform, the encoded form, and the public key that belongs to
/// it. Zeroed when disposed.
/// </summary>
/// <remarks>
/// Operations may run at the same time, also when the key is disposed: they end with the key as it was.
/// </remarks>
internal sealed partial class SigningKey : IDisposable
{
    private readonly ParameterSet _set;
    private readonly bool _hasSeed;

    /// <summary>s₁, s₂ and t₀ in the image of the transform, the encoded form, then ξ where the key has it.</summary>
    private readonly SecretMemory _secrets;

    /// <summary>Takes over the memory; the three vectors come as ring elements and are transformed here.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private SigningKey(ParameterSet set, SecretMemory secrets, bool hasSeed, VerificationKey verificationKey)
    {
        _set = set;
        _secrets = secrets;
        _hasSeed = hasSeed;
        VerificationKey = verificationKey;
        Transform(S1Of(set, secrets));
        Transform(S2Of(set, secrets));
        Transform(T0Of(set, secrets));
    }

    internal VerificationKey VerificationKey { get; }

    /// <summary>The private key as FIPS 204, Algorithm 24, encodes it; for as long as <see cref="Use"/> keeps it.</summary>
    internal ReadOnlySpan<byte> Encoded
    {
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => EncodedOf(_set, _secrets);
    }

    /// <summary>ξ, or empty where the key was imported without it; for as long as <see cref="Use"/> keeps it.</summary>
    internal ReadOnlySpan<byte> Seed
    {
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _hasSeed ? SeedOf(_secrets) : default;
    }

    internal NttVector S1
    {
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(S1Of(_set, _secrets).Coefficients);
    }

    internal NttVector S2
    {
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(S2Of(_set, _secrets).Coefficients);
    }

    internal NttVector T0
    {
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(T0Of(_set, _secrets).Coefficients);
    }

    /// <summary>Keeps the secrets while an operation reads them.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal SecretMemory.Lease Use() => _secrets.Use();

    /// <summary>FIPS 204, Algorithm 6.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="seed">ξ, 32 secret random bytes.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static SigningKey FromSeed(ParameterSet set, ReadOnlySpan<byte> seed)
    {
        int[] matrix = GC.AllocateUninitializedArray<int>(set.K * set.L * ParameterSet.N);
        var secrets = new SecretMemory(set.Secrets);
        RingVector s1 = S1Of(set, secrets), s2 = S2Of(set, secrets), t0 = T0Of(set, secrets);
        Span<byte> derived = stackalloc byte[128];
        Span<int> memory = stackalloc int[ParameterSet.MaxK * ParameterSet.N];
        try
        {
            // (ρ, ρ', K) = H(ξ ‖ k ‖ ℓ, 128)
            Sponge.Shake256(seed, [(byte)set.K, (byte)set.L], derived);
            ReadOnlySpan<byte> rho = derived[..32];
            Sampling.ExpandMatrix(set, rho, new NttVector(matrix));
            Sampling.ExpandSecrets(set, derived.Slice(32, 64), s1, s2);

            var t1 = new RingVector(memory[..(set.K * ParameterSet.N)]);
            ComputeT(set, new NttVector(matrix), s1, s2, t1);
            for (int i = 0; i < set.K; i++)
                Rounding.Power2Round(t1[i], t1[i], t0[i]);

            var verificationKey = VerificationKey.Encode(set, rho, t1, matrix);
            Encode(set, rho, derived[96..], verificationKey.Tr, s1, s2, t0, EncodedOf(set, secrets));
            seed.CopyTo(SeedOf(secrets));
            return new SigningKey(set, secrets, hasSeed: true, verificationKey);
        }
        finally
        {
            Erase.Memory(derived);
            Erase.Memory(memory);
            Erase.StackAndRegisters();
        }
    }

    /// <summary>FIPS 204, Algorithm 25, of a key of the right length.</summary>
    /// <exception cref="CryptographicException">A coefficient of s₁ or s₂ is larger than η, or t₀ or tr is not what s₁
    /// and s₂ give.</exception>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static SigningKey Decode(ParameterSet set, ReadOnlySpan<byte> source)
    {
        int[] matrix = GC.AllocateUninitializedArray<int>(set.K * set.L * ParameterSet.N);
        var secrets = new SecretMemory(set.Secrets);
        RingVector s1 = S1Of(set, secrets), s2 = S2Of(set, secrets), t0 = T0Of(set, secrets);
        Span<int> memory = stackalloc int[(ParameterSet.MaxK + 1) * ParameterSet.N];
        bool valid = false;
        try
        {
            ReadOnlySpan<byte> rho = source[..32];
            ReadOnlySpan<byte> tr = source.Slice(64, 64);
            ReadOnlySpan<byte> rest = source[128..];
            Unpack(ref rest, set.EtaBits, set.Eta, s1);
            Unpack(ref rest, set.EtaBits, set.Eta, s2);
            Unpack(ref rest, ParameterSet.D, 1 << (ParameterSet.D - 1), t0);

            // Whether a key is whole is told to the caller; where it is not, stays hidden.
            bool inRange = !Rounding.NormReaches(s1.Coefficients, set.Eta + 1) & !Rounding.NormReaches(s2.Coefficients, set.Eta + 1);

            Sampling.ExpandMatrix(set, rho, new NttVector(matrix));
            var t1 = new RingVector(memory[..(set.K * ParameterSet.N)]);
            var low = new RingElement(memory[(ParameterSet.MaxK * ParameterSet.N)..]);
            ComputeT(set, new NttVector(matrix), s1, s2, t1);
            int difference = 0;
            for (int i = 0; i < set.K; i++)
            {
                Rounding.Power2Round(t1[i], t1[i], low);
                ReadOnlySpan<int> given = t0[i].Coefficients;
                for (int j = 0; j < given.Length; j++)
                    difference |= given[j] ^ low.Coefficients[j];
            }

            var verificationKey = VerificationKey.Encode(set, rho, t1, matrix);
            valid = inRange & difference == 0 & CryptographicOperations.FixedTimeEquals(tr, verificationKey.Tr);
            if (!valid)
                throw new CryptographicException("The private key is not valid: its parts do not belong together.");

            source.CopyTo(EncodedOf(set, secrets));
            return new SigningKey(set, secrets, hasSeed: false, verificationKey);
        }
        finally
        {
            Erase.Memory(memory);
            Erase.StackAndRegisters();
            if (!valid)
                secrets.Dispose();
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Dispose() => _secrets.Dispose();

    /// <summary>t = NTT⁻¹(Â∘NTT(s₁)) + s₂ with coefficients in [0, q).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ComputeT(ParameterSet set, NttVector matrix, RingVector s1, RingVector s2, RingVector t)
    {
        Span<int> memory = stackalloc int[ParameterSet.MaxL * ParameterSet.N];
        try
        {
            var transformed = new RingVector(memory[..(set.L * ParameterSet.N)]);
            s1.Coefficients.CopyTo(transformed.Coefficients);
            Transform(transformed);
            for (int i = 0; i < set.K; i++)
                Sums.Add(Ntt.Inverse(Products.SumRow(matrix, i, new NttVector(transformed.Coefficients), t[i])), s2[i]);
        }
        finally
        {
            Erase.Memory(memory);
        }
    }

    /// <summary>FIPS 204, Algorithm 24.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Encode(
        ParameterSet set,
        ReadOnlySpan<byte> rho,
        ReadOnlySpan<byte> k,
        ReadOnlySpan<byte> tr,
        RingVector s1,
        RingVector s2,
        RingVector t0,
        Span<byte> destination)
    {
        rho.CopyTo(destination);
        k.CopyTo(destination[32..]);
        tr.CopyTo(destination[64..]);
        destination = destination[128..];
        Pack(s1, set.EtaBits, set.Eta, ref destination);
        Pack(s2, set.EtaBits, set.Eta, ref destination);
        Pack(t0, ParameterSet.D, 1 << (ParameterSet.D - 1), ref destination);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(RingVector vector, int width, int offset, ref Span<byte> destination)
    {
        for (int i = 0; i < vector.Count; i++)
        {
            BitCodec.Pack(vector[i].Coefficients, width, offset, destination);
            destination = destination[(32 * width)..];
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack(ref ReadOnlySpan<byte> source, int width, int offset, RingVector vector)
    {
        for (int i = 0; i < vector.Count; i++)
        {
            BitCodec.Unpack(source, width, offset, vector[i].Coefficients);
            source = source[(32 * width)..];
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform(RingVector vector)
    {
        for (int i = 0; i < vector.Count; i++)
            Ntt.Forward(vector[i]);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static RingVector S1Of(ParameterSet set, SecretMemory secrets) => VectorOf(secrets, 0, set.L);

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static RingVector S2Of(ParameterSet set, SecretMemory secrets) => VectorOf(secrets, set.L, set.K);

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static RingVector T0Of(ParameterSet set, SecretMemory secrets) => VectorOf(secrets, set.L + set.K, set.K);

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static RingVector VectorOf(SecretMemory secrets, int first, int count) =>
        new(MemoryMarshal.Cast<byte, int>(
            secrets.Bytes.Slice(first * ParameterSet.ElementSize, count * ParameterSet.ElementSize)));

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Span<byte> EncodedOf(ParameterSet set, SecretMemory secrets) =>
        secrets.Bytes.Slice(set.SecretVectorsSize, set.Algorithm.PrivateKeySizeInBytes);

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Span<byte> SeedOf(SecretMemory secrets) => secrets.Bytes[^ParameterSet.SeedSize..];
}
