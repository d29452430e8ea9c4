using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>
/// A private key, expanded: s₁, s₂ and t₀ in the image of the transform, the encoded form, and the public key that belongs to
/// it. Zeroed when disposed.
/// </summary>
/// <remarks>
/// The arrays are pinned, so that the garbage collector leaves no copy behind when it moves objects. Operations may run at the same time;
/// disposing while one runs is the caller's mistake.
/// </remarks>
internal sealed partial class SigningKey : IDisposable
{
    private readonly ParameterSet _set;
    private readonly byte[] _encoded;
    private readonly byte[]? _seed;
    private readonly int[] _s1;
    private readonly int[] _s2;
    private readonly int[] _t0;

    /// <summary>Takes over the arrays; the three vectors come as ring elements and are transformed here.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private SigningKey(ParameterSet set, byte[] encoded, byte[]? seed, int[] s1, int[] s2, int[] t0, VerificationKey verificationKey)
    {
        _set = set;
        _encoded = encoded;
        _seed = seed;
        _s1 = s1;
        _s2 = s2;
        _t0 = t0;
        VerificationKey = verificationKey;
        Transform(new RingVector(s1));
        Transform(new RingVector(s2));
        Transform(new RingVector(t0));
    }

    internal VerificationKey VerificationKey { get; }

    /// <summary>The private key as FIPS 204, Algorithm 24, encodes it.</summary>
    internal ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>ξ, or empty where the key was imported without it.</summary>
    internal ReadOnlySpan<byte> Seed => _seed;

    /// <summary>FIPS 204, Algorithm 6.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="seed">ξ, 32 secret random bytes.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static SigningKey FromSeed(ParameterSet set, ReadOnlySpan<byte> seed)
    {
        int[] matrix = GC.AllocateUninitializedArray<int>(set.K * set.L * ParameterSet.N);
        int[] s1 = AllocatePinned(set.L);
        int[] s2 = AllocatePinned(set.K);
        int[] t0 = AllocatePinned(set.K);
        byte[] encoded = GC.AllocateArray<byte>(set.Algorithm.PrivateKeySizeInBytes, pinned: true);
        byte[] keptSeed = GC.AllocateArray<byte>(ParameterSet.SeedSize, pinned: true);
        Span<byte> derived = stackalloc byte[128];
        Span<int> memory = stackalloc int[ParameterSet.MaxK * ParameterSet.N];
        try
        {
            // (ρ, ρ', K) = H(ξ ‖ k ‖ ℓ, 128)
            Sponge.Shake256(seed, [(byte)set.K, (byte)set.L], derived);
            ReadOnlySpan<byte> rho = derived[..32];
            Sampling.ExpandMatrix(set, rho, new NttVector(matrix));
            Sampling.ExpandSecrets(set, derived.Slice(32, 64), new RingVector(s1), new RingVector(s2));

            var t1 = new RingVector(memory[..(set.K * ParameterSet.N)]);
            ComputeT(set, new NttVector(matrix), new RingVector(s1), new RingVector(s2), t1);
            for (int i = 0; i < set.K; i++)
                Rounding.Power2Round(t1[i], t1[i], new RingVector(t0)[i]);

            var verificationKey = VerificationKey.Encode(set, rho, t1, matrix);
            Encode(set, rho, derived[96..], verificationKey.Tr, new RingVector(s1), new RingVector(s2), new RingVector(t0), encoded);
            seed.CopyTo(keptSeed);
            return new SigningKey(set, encoded, keptSeed, s1, s2, t0, verificationKey);
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
        int[] s1 = AllocatePinned(set.L);
        int[] s2 = AllocatePinned(set.K);
        int[] t0 = AllocatePinned(set.K);
        Span<int> memory = stackalloc int[(ParameterSet.MaxK + 1) * ParameterSet.N];
        bool valid = false;
        try
        {
            ReadOnlySpan<byte> rho = source[..32];
            ReadOnlySpan<byte> tr = source.Slice(64, 64);
            ReadOnlySpan<byte> rest = source[128..];
            Unpack(ref rest, set.EtaBits, set.Eta, new RingVector(s1));
            Unpack(ref rest, set.EtaBits, set.Eta, new RingVector(s2));
            Unpack(ref rest, ParameterSet.D, 1 << (ParameterSet.D - 1), new RingVector(t0));

            // Whether a key is whole is told to the caller; where it is not, stays hidden.
            bool inRange = !Rounding.NormReaches(s1, set.Eta + 1) & !Rounding.NormReaches(s2, set.Eta + 1);

            Sampling.ExpandMatrix(set, rho, new NttVector(matrix));
            var t1 = new RingVector(memory[..(set.K * ParameterSet.N)]);
            var low = new RingElement(memory[(ParameterSet.MaxK * ParameterSet.N)..]);
            ComputeT(set, new NttVector(matrix), new RingVector(s1), new RingVector(s2), t1);
            int difference = 0;
            for (int i = 0; i < set.K; i++)
            {
                Rounding.Power2Round(t1[i], t1[i], low);
                ReadOnlySpan<int> given = new RingVector(t0)[i].Coefficients;
                for (int j = 0; j < given.Length; j++)
                    difference |= given[j] ^ low.Coefficients[j];
            }

            var verificationKey = VerificationKey.Encode(set, rho, t1, matrix);
            valid = inRange & difference == 0 & CryptographicOperations.FixedTimeEquals(tr, verificationKey.Tr);
            if (!valid)
                throw new CryptographicException("The private key is not valid: its parts do not belong together.");

            byte[] encoded = GC.AllocateArray<byte>(source.Length, pinned: true);
            source.CopyTo(encoded);
            return new SigningKey(set, encoded, seed: null, s1, s2, t0, verificationKey);
        }
        finally
        {
            Erase.Memory(memory);
            Erase.StackAndRegisters();
            if (!valid)
            {
                Erase.Memory(s1.AsSpan());
                Erase.Memory(s2.AsSpan());
                Erase.Memory(t0.AsSpan());
            }
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Dispose()
    {
        Erase.Memory(_encoded.AsSpan());
        Erase.Memory(_seed.AsSpan());
        Erase.Memory(_s1.AsSpan());
        Erase.Memory(_s2.AsSpan());
        Erase.Memory(_t0.AsSpan());
    }

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

    private static int[] AllocatePinned(int elements) => GC.AllocateArray<int>(elements * ParameterSet.N, pinned: true);
}
