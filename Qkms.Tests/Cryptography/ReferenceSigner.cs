using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Cryptography;

/// <summary>The checks of FIPS 204, Algorithm 7, lines 23 and 28, that refused an attempt; more than one may.</summary>
[Flags]
internal enum Rejection
{
    None = 0,
    ZNorm = 1,
    R0Norm = 2,
    Ct0Norm = 4,
    HintWeight = 8,
}

/// <summary>
/// Deterministic signing as FIPS 204, Algorithm 7, writes it: remainders are remainders, the transform is the evaluation of a
/// polynomial at 256 points, and everything branches. It shares only the hash functions and the table of parameters with the engine,
/// and tells why attempts were refused.
/// </summary>
internal sealed class ReferenceSigner
{
    private const int N = 256;
    private const long Q = 8380417;
    private static readonly long[] _zetaPowers = Powers(1753, 2 * N);
    private static readonly int[] _roots = [.. Enumerable.Range(0, N).Select(OddReversed)];

    private readonly ParameterSet _set;
    private readonly byte[] _rho;
    private readonly byte[] _k;
    private readonly byte[] _tr;
    private readonly long[][] _s1;
    private readonly long[][] _s2;
    private readonly long[][] _t0;

    /// <param name="set">The parameter set.</param>
    /// <param name="privateKey">sk = ρ ‖ K ‖ tr ‖ s₁ ‖ s₂ ‖ t₀ (Algorithm 24).</param>
    internal ReferenceSigner(ParameterSet set, byte[] privateKey)
    {
        _set = set;
        _rho = privateKey[..32];
        _k = privateKey[32..64];
        _tr = privateKey[64..128];
        var bits = new BitReader(privateKey.AsMemory(128));
        int etaBits = set.Eta == 2 ? 3 : 4;
        _s1 = Vector(set.L, _ => set.Eta - bits.Read(etaBits));
        _s2 = Vector(set.K, _ => set.Eta - bits.Read(etaBits));
        _t0 = Vector(set.K, _ => (1 << 12) - bits.Read(13));
    }

    /// <summary>Why each attempt of the last signature was refused; the last one was not.</summary>
    internal List<Rejection> Attempts { get; } = [];

    internal byte[] Sign(byte[] formattedMessage)
    {
        Attempts.Clear();
        long[][] matrix = [.. Enumerable.Range(0, _set.K * _set.L).Select(i => RejectNtt(i / _set.L, i % _set.L))];
        byte[] mu = H(64, _tr, formattedMessage);
        byte[] rhoDoublePrime = H(64, _k, new byte[32], mu);
        for (int kappa = 0; ; kappa += _set.L)
        {
            long[][] y = ExpandMask(rhoDoublePrime, kappa);
            long[][] yHat = [.. y.Select(Ntt)];
            long[][] w =
            [
                .. Enumerable.Range(0, _set.K)
                    .Select(i => NttInverse(Sum(Enumerable.Range(0, _set.L).Select(j => Multiply(matrix[(i * _set.L) + j], yHat[j])))))
            ];
            byte[] challengeHash = H(_set.ChallengeSize, mu, PackHigh(w));
            long[] c = Ntt(SampleInBall(challengeHash));

            long[][] z = [.. y.Select((element, i) => Add(element, Product(c, _s1[i])))];
            long[][] r = [.. w.Select((element, i) => Subtract(element, Product(c, _s2[i])))];
            Rejection rejection = Rejection.None;
            if (Norm(z) >= _set.Gamma1 - _set.Beta)
                rejection |= Rejection.ZNorm;
            if (r.SelectMany(element => element).Max(value => Math.Abs(Decompose(value).Low)) >= _set.Gamma2.Value - _set.Beta)
                rejection |= Rejection.R0Norm;
            if (rejection == Rejection.None)
            {
                long[][] ct0 = [.. _t0.Select(element => Product(c, element))];
                bool[][] hint =
                [
                    .. r.Select(
                        (element, i) => element.Select((value, n) => Decompose(value).High != Decompose(value + ct0[i][n]).High).ToArray())
                ];
                if (Norm(ct0) >= _set.Gamma2.Value)
                    rejection |= Rejection.Ct0Norm;
                if (hint.Sum(element => element.Count(bit => bit)) > _set.Omega)
                    rejection |= Rejection.HintWeight;
                if (rejection == Rejection.None)
                {
                    Attempts.Add(rejection);
                    return [.. challengeHash, .. z.SelectMany(PackZ), .. PackHint(hint)];
                }
            }

            Attempts.Add(rejection);
        }
    }

    /// <summary>Algorithm 36.</summary>
    private (long High, long Low) Decompose(long value)
    {
        long canonical = Mod(value);
        long alpha = 2 * _set.Gamma2.Value;
        long low = canonical % alpha;
        if (low > alpha / 2)
            low -= alpha;
        return canonical - low == Q - 1 ? (0, low - 1) : ((canonical - low) / alpha, low);
    }

    /// <summary>Algorithms 30 and 14.</summary>
    private long[] RejectNtt(int row, int column)
    {
        var shake = Sponge.NewShake128();
        shake.Absorb(_rho);
        shake.Absorb([(byte)column, (byte)row]);
        var coefficients = new List<long>();
        byte[] three = new byte[3];
        while (coefficients.Count < N)
        {
            shake.Squeeze(three);
            long z = three[0] + (256 * three[1]) + (65536 * (three[2] % 128));
            if (z < Q)
                coefficients.Add(z);
        }

        return [.. coefficients];
    }

    /// <summary>Algorithm 34.</summary>
    private long[][] ExpandMask(byte[] seed, int kappa) => [.. Enumerable.Range(kappa, _set.L).Select(counter =>
    {
        int width = _set.Gamma1 == 1 << 17 ? 18 : 20;
        var bits = new BitReader(H(32 * width, seed, [(byte)counter, (byte)(counter >> 8)]));
        return Element(_ => _set.Gamma1 - bits.Read(width));
    })];

    /// <summary>Algorithm 29.</summary>
    private long[] SampleInBall(byte[] seed)
    {
        var shake = Sponge.NewShake256();
        shake.Absorb(seed);
        byte[] signs = new byte[8];
        shake.Squeeze(signs);
        long[] c = new long[N];
        byte[] j = new byte[1];
        for (int i = N - _set.Tau; i < N; i++)
        {
            do
                shake.Squeeze(j);
            while (j[0] > i);

            int index = i + _set.Tau - N;
            c[i] = c[j[0]];
            c[j[0]] = ((signs[index / 8] >> (index % 8)) & 1) == 0 ? 1 : -1;
        }

        return c;
    }

    /// <summary>Algorithm 28.</summary>
    private byte[] PackHigh(long[][] w)
    {
        var bits = new BitWriter();
        foreach (long value in w.SelectMany(element => element))
            bits.Write(Decompose(value).High, _set.Gamma2.Value == 95232 ? 6 : 4);
        return bits.ToArray();
    }

    /// <summary>Algorithm 17 for a coefficient in (-γ₁, γ₁].</summary>
    private byte[] PackZ(long[] element)
    {
        var bits = new BitWriter();
        foreach (long value in element)
            bits.Write(_set.Gamma1 - Centered(value), _set.Gamma1 == 1 << 17 ? 18 : 20);
        return bits.ToArray();
    }

    /// <summary>Algorithm 20.</summary>
    private byte[] PackHint(bool[][] hint)
    {
        byte[] packed = new byte[_set.Omega + _set.K];
        int index = 0;
        for (int i = 0; i < _set.K; i++)
        {
            for (int n = 0; n < N; n++)
            {
                if (hint[i][n])
                    packed[index++] = (byte)n;
            }

            packed[_set.Omega + i] = (byte)index;
        }

        return packed;
    }

    private static byte[] H(int length, params byte[][] inputs)
    {
        byte[] output = new byte[length];
        Sponge.Shake256(inputs.SelectMany(input => input).ToArray(), [], output);
        return output;
    }

    /// <summary>The values at ζ^(2·BitRev₈(i)+1) (FIPS 204, section 2.5): what Algorithm 41 computes in another way.</summary>
    private static long[] Ntt(long[] element)
    {
        long[] values = new long[N];
        for (int i = 0; i < N; i++)
        {
            // 256 products below q² stay far below 2⁶³.
            for (int j = 0; j < N; j++)
                values[i] += element[j] * _zetaPowers[_roots[i] * j % (2 * N)];
            values[i] = Mod(values[i]);
        }

        return values;
    }

    /// <summary>The coefficients of those values: 256⁻¹ times the sum over ζ^-k, where ζ has order 512.</summary>
    private static long[] NttInverse(long[] values)
    {
        const long Inverse256 = 8347681;
        long[] element = new long[N];
        for (int j = 0; j < N; j++)
        {
            for (int i = 0; i < N; i++)
                element[j] += values[i] * _zetaPowers[(2 * N - (_roots[i] * j % (2 * N))) % (2 * N)];
            element[j] = Mod(Inverse256 * Mod(element[j]));
        }

        return element;
    }

    private static int OddReversed(int i)
    {
        int reversed = 0;
        for (int bit = 0; bit < 8; bit++)
            reversed |= ((i >> bit) & 1) << (7 - bit);
        return (2 * reversed) + 1;
    }

    private static long[] Product(long[] challengeNtt, long[] element) => NttInverse(Multiply(challengeNtt, Ntt(element)));

    private static long[] Multiply(long[] left, long[] right) => Element(i => Mod(left[i] * right[i]));

    private static long[] Sum(IEnumerable<long[]> elements) => elements.Aggregate(Add);

    private static long[] Add(long[] left, long[] right) => Element(i => Mod(left[i] + right[i]));

    private static long[] Subtract(long[] left, long[] right) => Element(i => Mod(left[i] - right[i]));

    private static long Norm(long[][] vector) => vector.SelectMany(element => element).Max(value => Math.Abs(Centered(value)));

    private static long Mod(long value) => ((value % Q) + Q) % Q;

    private static long Centered(long value) => Mod(value) > Q / 2 ? Mod(value) - Q : Mod(value);

    private static long[] Element(Func<int, long> coefficient) => [.. Enumerable.Range(0, N).Select(coefficient)];

    private static long[][] Vector(int count, Func<int, long> coefficient) =>
        [.. Enumerable.Range(0, count).Select(_ => Element(coefficient))];

    private static long[] Powers(long root, int count)
    {
        long[] powers = new long[count];
        powers[0] = 1;
        for (int i = 1; i < count; i++)
            powers[i] = Mod(powers[i - 1] * root);
        return powers;
    }

    /// <summary>Bits of bytes, lowest first.</summary>
    private sealed class BitReader(ReadOnlyMemory<byte> bytes)
    {
        private int _position;

        internal long Read(int width)
        {
            long value = 0;
            for (int i = 0; i < width; i++, _position++)
                value |= (long)((bytes.Span[_position / 8] >> (_position % 8)) & 1) << i;
            return value;
        }
    }

    private sealed class BitWriter
    {
        private readonly List<byte> _bytes = [];
        private int _position;

        internal void Write(long value, int width)
        {
            for (int i = 0; i < width; i++, _position++)
            {
                if (_position % 8 == 0)
                    _bytes.Add(0);
                _bytes[^1] |= (byte)(((value >> i) & 1) << (_position % 8));
            }
        }

        internal byte[] ToArray() => [.. _bytes];
    }
}
