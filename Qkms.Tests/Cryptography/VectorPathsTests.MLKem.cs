using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips203;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// What this machine runs against the plain C# beside it, on random inputs and at the bounds that the remarks give: every function of
/// <see cref="Core.Cryptography.Fips202"/> and <see cref="Core.Cryptography.Fips203"/> that has a vector path.
/// </summary>
public sealed partial class VectorPathsTests
{
    private const int N = ParameterSet.N;
    private const int Rounds = 200;

    [Fact]
    public void Keccak_on_one_state()
    {
        for (int i = 0; i < Rounds; i++)
        {
            ulong[] state = Words(Keccak.Lanes, i);
            ulong[] plain = [.. state];
            Keccak.Permute(state);
            Keccak.PermutePlain(plain);
            state.Should().Equal(plain);
        }
    }

    [Fact]
    public void Keccak_on_states_side_by_side()
    {
        for (int i = 0; i < Rounds; i++)
        {
            ulong[] states = Words(Keccak.LaneWords, i);
            ulong[] plain = [.. states];
            int used = 1 + (i % Keccak.LaneCount);
            Keccak.PermuteLanes(states, used);
            Keccak.PermuteLanesPlain(plain, used);
            Lanes(states, used).Should().Equal(Lanes(plain, used));

            if (!System.Runtime.Intrinsics.X86.Avx2.IsSupported)
                continue;
            Keccak.PermuteLanesVector256(states, last: false);
            Keccak.PermuteLanesVector256(states, last: true);
            Keccak.PermuteLanesPlain(plain, used);
            Lanes(states, used).Should().Equal(Lanes(plain, used));
        }

        static IEnumerable<ulong> Lanes(ulong[] states, int used) => states.Where((_, i) => i % Keccak.LaneCount < used);
    }

    [Theory]
    [InlineData(Sponge.Shake128Rate, 32, 2)]
    [InlineData(Sponge.Shake256Rate, 32, 1)]
    [InlineData(Sponge.Shake256Rate, 64, 2)]
    public void Sponges_side_by_side_are_sponges(int rate, int seedSize, int endingSize)
    {
        const int Stride = 600;
        byte[] seed = RandomNumberGenerator.GetBytes(seedSize);
        byte[] expected = new byte[3 * rate];
        for (int used = 1; used <= SpongeLanes.Count; used++)
        {
            ushort[] endings = [.. Enumerable.Range(0, used).Select(n => (ushort)(endingSize == 1 ? 250 + n % 6 : 65_000 + n))];
            byte[] streams = new byte[SpongeLanes.Count * Stride];
            var lanes = new SpongeLanes(new ulong[SpongeLanes.Words], rate, seed, endings, endingSize);
            for (int block = 0; block < 3; block++)
                lanes.Squeeze(streams.AsSpan(block * rate), Stride);
            for (int n = 0; n < used; n++)
            {
                Sponge sponge = rate == Sponge.Shake128Rate ? Sponge.NewShake128() : Sponge.NewShake256();
                sponge.Absorb(seed);
                sponge.Absorb(BitConverter.GetBytes(endings[n]).AsSpan(0, endingSize));
                sponge.Squeeze(expected);
                streams.AsSpan(n * Stride, expected.Length).SequenceEqual(expected).Should().BeTrue();
            }
        }
    }

    /// <summary>SHAKE128 and SHAKE256 in one batch, of which the first few are squeezed on alone.</summary>
    [Fact]
    public void Sponges_of_two_rates_side_by_side_are_sponges()
    {
        const int Stride = 600;
        byte[] publicSeed = RandomNumberGenerator.GetBytes(32);
        byte[] secretSeed = RandomNumberGenerator.GetBytes(32);
        for (int used = 1; used <= SpongeLanes.Count; used++)
        {
            for (int wide = 0; wide <= used; wide++)
            {
                byte[] streams = new byte[SpongeLanes.Count * Stride];
                var lanes = new SpongeLanes(Words(SpongeLanes.Words, 2), Sponge.Shake128Rate, used);
                for (int n = 0; n < used; n++)
                    lanes.Absorb(
                        n, n < wide ? Sponge.Shake128Rate : Sponge.Shake256Rate, n < wide ? publicSeed : secretSeed, (ushort)(n + 1),
                        n < wide ? 2 : 1);
                lanes.Squeeze(streams, Stride);
                lanes.Squeeze(streams.AsSpan(Sponge.Shake128Rate), Stride, Math.Max(wide, 1));
                for (int n = 0; n < used; n++)
                {
                    byte[] expected = new byte[n < wide ? 2 * Sponge.Shake128Rate : Sponge.Shake256Rate];
                    Sponge sponge = n < wide ? Sponge.NewShake128() : Sponge.NewShake256();
                    sponge.Absorb(n < wide ? publicSeed : secretSeed);
                    sponge.Absorb(n < wide ? [(byte)(n + 1), 0] : [(byte)(n + 1)]);
                    sponge.Squeeze(expected);
                    streams.AsSpan(n * Stride, expected.Length).SequenceEqual(expected).Should().BeTrue();
                }
            }
        }
    }

    /// <summary>
    /// Seeds enough that an entry needs a fourth block, which about one in fifty does: 336 candidates, of which 81 in 100 are accepted.
    /// </summary>
    [Theory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public void MLKem_matrix_and_noise(string name)
    {
        var set = ParameterSet.Of(Algorithms.MLKem(name));
        short[] matrix = new short[set.K * set.K * N];
        short[] noise = new short[2 * set.K * N];
        short[] noiseAlone = new short[2 * set.K * N];
        for (int i = 0; i < Rounds; i++)
        {
            byte[] rho = RandomNumberGenerator.GetBytes(32);
            byte[] sigma = RandomNumberGenerator.GetBytes(32);
            Sampling.ExpandMatrixAndNoise(set, rho, sigma, new NttVector(matrix), new RingVector(noise));
            Sampling.SampleNoise(set, sigma, 2 * set.K, new RingVector(noiseAlone));
            noise.Should().Equal(noiseAlone);
            for (int entry = 0; entry < set.K * set.K; entry++)
                matrix.AsSpan(entry * N, N).SequenceEqual(Entry(rho, entry % set.K, entry / set.K)).Should().BeTrue();

            short[] matrixAlone = new short[matrix.Length];
            Sampling.ExpandMatrix(set, rho, new NttVector(matrixAlone));
            matrixAlone.Should().Equal(matrix);
        }

        static short[] Entry(byte[] rho, int column, int row)
        {
            byte[] stream = new byte[10 * Sponge.Shake128Rate];
            Sponge sponge = Sponge.NewShake128();
            sponge.Absorb(rho);
            sponge.Absorb([(byte)column, (byte)row]);
            sponge.Squeeze(stream);
            short[] entry = new short[N];
            Sampling.AcceptPlain(stream, stream.Length, entry, 0).Should().Be(N);
            return entry;
        }
    }

    [Fact]
    public void MLKem_transform_there()
    {
        foreach (short[] input in Elements(Field.Q))
        {
            short[] plain = [.. input];
            Ntt.Forward(new RingElement(input));
            Ntt.ForwardPlain(new RingElement(plain));
            input.Should().Equal(plain);
        }
    }

    [Fact]
    public void MLKem_transform_back()
    {
        foreach (short[] input in Elements(Field.Q - 1))
        {
            short[] plain = [.. input];
            Ntt.Inverse(new NttElement(input));
            Ntt.InversePlain(new NttElement(plain));
            input.Should().Equal(plain);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void MLKem_products(int rank)
    {
        foreach (short[] element in Elements(Field.Q))
        {
            short[] left = [.. Enumerable.Range(0, rank * rank).SelectMany(_ => Shuffled(element))];
            short[] right = [.. Enumerable.Range(0, rank).SelectMany(_ => Shuffled(element))];
            short[] factors = new short[rank * Factor.Size];
            short[] plainFactors = new short[rank * Factor.Size];
            Products.Prepare(new NttVector(right), new FactorVector(factors));
            for (int i = 0; i < rank; i++)
                Products.PreparePlain(new NttVector(right)[i], new FactorVector(plainFactors)[i]);
            factors.Should().Equal(plainFactors);

            short[] restored = new short[right.Length];
            Products.Restore(new FactorVector(factors), new NttVector(restored));
            restored.Should().Equal(right);

            short[] sum = new short[N];
            short[] plain = new short[N];
            foreach ((int first, int step) in new[] { (0, 1), (rank - 1, rank), ((rank - 1) * rank, 1) })
            {
                Products.Sum(new NttVector(left), first, step, new FactorVector(factors), sum);
                Products.SumPlain(new NttVector(left), first, step, new FactorVector(factors), new NttElement(plain));
                sum.Should().Equal(plain);
            }
        }
    }

    [Fact]
    public void MLKem_sums()
    {
        foreach (short[] left in Elements(2 * Field.Q))
        {
            short[] right = Shuffled(left);
            short[] sum = [.. left];
            Sums.Add(new RingElement(sum), new RingElement(right));
            sum.Should().Equal(left.Zip(right, (a, b) => (short)(a + b)));
            Sums.Subtract(new RingElement(sum), new RingElement(right));
            sum.Should().Equal(left);

            right = [.. right.Select(Field.BarrettReduce)];
            Sums.AddToProduct(new NttElement(sum), new NttElement(right));
            sum.Should().Equal(left.Zip(right, (a, b) => Field.Canonical((short)(Field.ToMontgomery(a) + b))));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    public void MLKem_compression_and_packing(int d)
    {
        foreach (short[] element in Elements(short.MaxValue))
        {
            short[] values = [.. element.Select(a => (short)(a & ((1 << d) - 1)))];
            byte[] packed = new byte[32 * d];
            byte[] plainPacked = new byte[32 * d];
            ByteCodec.Encode(values, d, packed);
            ByteCodec.EncodePlain(values, d, plainPacked);
            packed.Should().Equal(plainPacked);

            // With bytes after the end, and without.
            byte[] longer = [.. packed, .. RandomNumberGenerator.GetBytes(40)];
            foreach (byte[] source in new[] { packed, longer })
            {
                short[] unpacked = new short[N];
                ByteCodec.Decode(source, d, unpacked);
                unpacked.Should().Equal(values);
            }

            if (d == 12)
                continue;
            short[] plain = [.. element];
            Compress.Apply(new RingElement(element), d);
            Compress.ApplyPlain(new RingElement(plain), d);
            element.Should().Equal(plain);
            Compress.Undo(new RingElement(element), d);
            Compress.UndoPlain(new RingElement(plain), d);
            element.Should().Equal(plain);
        }
    }

    [Fact]
    public void MLKem_twelve_bits_are_reduced()
    {
        foreach (short[] element in Elements(short.MaxValue))
        {
            short[] values = [.. element.Select(a => (short)(a & 0x0FFF))];
            short[] plain = [.. values];
            byte[] packed = new byte[384];
            ByteCodec.Encode(values, 12, packed);
            bool below = ByteCodec.DecodeVector(packed, new NttVector(values));
            below.Should().Be(ByteCodec.ReduceOncePlain(plain) == 0);
            values.Should().Equal(plain);
        }
    }

    /// <summary>Streams with few and with many candidates below q; each length is that of whole blocks.</summary>
    [Fact]
    public void MLKem_rejection()
    {
        for (int i = 0; i < Rounds; i++)
        {
            byte[] stream = RandomNumberGenerator.GetBytes(504 + 64);
            for (int j = 0; j < stream.Length; j++)
                stream[j] |= (byte)(i % 5 == 0 ? 0xF0 : i % 5 == 1 ? RandomNumberGenerator.GetInt32(256) : 0);
            if (i % 5 == 2)
                stream.AsSpan().Clear();
            int length = i % 2 == 0 ? 504 : 168;
            int start = i % 3 == 0 ? 0 : RandomNumberGenerator.GetInt32(N + 1);
            short[] taken = new short[N];
            short[] plain = new short[N];
            int count = Sampling.Accept(stream, length, new NttElement(taken), start);
            count.Should().Be(Sampling.AcceptPlain(stream, length, plain, start));
            taken.AsSpan(0, count).SequenceEqual(plain.AsSpan(0, count)).Should().BeTrue();
        }
    }

    [Theory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public void MLKem_noise(string name)
    {
        var set = ParameterSet.Of(Algorithms.MLKem(name));
        byte[] seed = RandomNumberGenerator.GetBytes(32);
        short[] noise = new short[((2 * set.K) + 1) * N];
        Sampling.SampleNoise(set, seed, set.K, new RingVector(noise));
        for (int n = 0; n <= 2 * set.K; n++)
        {
            int eta = n < set.K ? set.Eta1 : ParameterSet.Eta2;
            byte[] stream = new byte[64 * eta];
            Sponge.Shake256(seed, [(byte)n], stream);
            short[] expected = new short[N];
            for (int i = 0; i < N; i++)
                expected[i] = (short)(Ones(stream, 2 * i * eta, eta) - Ones(stream, ((2 * i) + 1) * eta, eta));
            noise.AsSpan(n * N, N).ToArray().Should().Equal(expected);
        }

        static int Ones(byte[] bytes, int first, int count) =>
            Enumerable.Range(first, count).Sum(bit => bytes[bit >> 3] >> (bit & 7) & 1);
    }

    /// <summary>
    /// All at one bound, all at the other, both in turn, nearly all residues, and random ones, each at most the bound in size.
    /// </summary>
    private static IEnumerable<short[]> Elements(int bound)
    {
        bound = Math.Min(bound, short.MaxValue);
        yield return [.. Enumerable.Repeat((short)bound, N)];
        yield return [.. Enumerable.Repeat((short)-bound, N)];
        yield return [.. Enumerable.Range(0, N).Select(i => (short)((i & 1) == 0 ? bound : -bound))];
        yield return [.. Enumerable.Range(0, N).Select(i => (short)((i & 2) == 0 ? bound : -bound))];
        yield return new short[N];
        for (int first = -bound; first <= bound - N; first += N)
            yield return [.. Enumerable.Range(first, N).Select(i => (short)i)];
        for (int i = 0; i < Rounds; i++)
            yield return [.. Enumerable.Range(0, N).Select(_ => (short)RandomNumberGenerator.GetInt32(-bound, bound + 1))];
    }

    private static T[] Shuffled<T>(T[] values)
    {
        T[] shuffled = [.. values];
        RandomNumberGenerator.Shuffle<T>(shuffled);
        return shuffled;
    }

    private static ulong[] Words(int count, int round) =>
        round switch
        {
            0 => new ulong[count],
            1 => [.. Enumerable.Repeat(ulong.MaxValue, count)],
            _ => [.. Enumerable.Range(0, count).Select(_ => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)))],
        };
}
