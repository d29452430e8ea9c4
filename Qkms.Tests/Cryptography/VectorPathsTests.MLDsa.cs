using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Cryptography;

/// <summary>The same for every function of <see cref="Core.Cryptography.Fips204"/> that has a vector path.</summary>
public sealed partial class VectorPathsTests
{
    [Fact]
    public void MLDsa_transform_there()
    {
        foreach (int[] input in Polynomials(Field.Q - 1))
        {
            int[] plain = [.. input];
            Ntt.Forward(new RingElement(input));
            Ntt.ForwardPlain(new RingElement(plain));
            input.Should().Equal(plain);
        }
    }

    [Fact]
    public void MLDsa_transform_back()
    {
        foreach (int[] input in Polynomials(Field.Q - 1))
        {
            int[] plain = [.. input];
            Ntt.Inverse(new NttElement(input));
            Ntt.InversePlain(new NttElement(plain));
            input.Should().Equal(plain);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    public void MLDsa_products(int columns)
    {
        // Factors from the transform are below 9q in size.
        foreach (int[] element in Polynomials((9 * Field.Q) - 1))
        {
            int[] matrix = [.. Enumerable.Range(0, 2 * columns).SelectMany(_ => Shuffled(element).Select(Field.Canonical))];
            int[] vector = [.. Enumerable.Range(0, columns).SelectMany(_ => Shuffled(element))];
            int[] other = Shuffled(element);
            int[] sum = new int[N];
            int[] plain = new int[N];
            Products.SumRow(new NttVector(matrix), 1, new NttVector(vector), new RingElement(sum));
            Products.SumRowPlain(new NttVector(matrix), 1, new NttVector(vector), default, default, new RingElement(plain));
            sum.Should().Equal(plain);

            Products.SumRowLess(
                new NttVector(matrix), 0, new NttVector(vector), new NttElement(element), new NttElement(other), new RingElement(sum));
            Products.SumRowPlain(
                new NttVector(matrix), 0, new NttVector(vector), new NttElement(element), new NttElement(other), new RingElement(plain));
            sum.Should().Equal(plain);

            Products.MultiplyInverse(new NttElement(element), new NttElement(other), new RingElement(sum));
            Products.MultiplyPlain(new NttElement(element), new NttElement(other), new RingElement(plain));
            Ntt.InversePlain(new NttElement(plain));
            sum.Should().Equal(plain);
        }
    }

    [Fact]
    public void MLDsa_sums()
    {
        foreach (int[] left in Polynomials(Field.Q - 1))
        {
            int[] right = Shuffled(left);
            int[] sum = [.. left];
            Sums.Add(new RingElement(sum), new RingElement(right));
            sum.Should().Equal(left.Zip(right, (a, b) => Field.Canonical(a + b)));
            Sums.Center(new RingElement(sum));
            sum.Should().Equal(left.Zip(right, (a, b) => Field.Centered(Field.Canonical(a + b))));
            Sums.AddCentered(new RingElement(left), new RingElement(right), new RingElement(sum));
            sum.Should().Equal(left.Zip(right, (a, b) => Field.Centered(Field.Canonical(a + b))));
            Sums.Subtract(new RingElement(left), new RingElement(right));
            Sums.Add(new RingElement(left), new RingElement(right));
            sum.Should().Equal(left.Zip(right, (a, b) => Field.Centered(Field.Canonical(a + b))));
        }
    }

    [Theory]
    [InlineData(95232)]
    [InlineData(261888)]
    public void MLDsa_rounding_and_hints(int value)
    {
        Gamma2 gamma2 = value == 95232 ? Gamma2.QMinus1Over88 : Gamma2.QMinus1Over32;
        foreach (int[] element in Polynomials(Field.Q - 1))
        {
            int[] r = [.. element.Select(Field.Canonical)];
            int[] other = [.. r.Select(a => Field.Canonical(a + RandomNumberGenerator.GetInt32(-value, value + 1)))];
            int[] high = new int[N];
            int[] plain = new int[N];
            Rounding.HighBits(gamma2, new RingElement(r), new RingElement(high));
            Rounding.HighBitsPlain(gamma2, new RingElement(r), new RingElement(plain));
            high.Should().Equal(plain);

            int largest = r.Max(a => Math.Abs(LowPart(gamma2, a)));
            foreach (int bound in new[] { largest, largest + 1, value - 78, value })
                Rounding.LowBitsReach(gamma2, new RingElement(r), bound)
                    .Should().Be(Rounding.LowBitsReachPlain(gamma2, new RingElement(r), bound));

            int[] plainOther = [.. other];
            Hints.Make(gamma2, new RingElement(r), new RingElement(other))
                .Should().Be(Hints.MakePlain(gamma2, new RingElement(r), new RingElement(plainOther)));
            other.Should().Equal(plainOther);

            int[] bits = [.. r.Select(_ => RandomNumberGenerator.GetInt32(2))];
            plain = [.. r];
            Hints.Use(gamma2, new RingElement(bits), new RingElement(r));
            Hints.UsePlain(gamma2, new RingElement(bits), new RingElement(plain));
            r.Should().Equal(plain);
        }
    }

    [Fact]
    public void MLDsa_norm()
    {
        foreach (int[] element in Polynomials(Field.Q / 2))
        {
            int largest = element.Max(Math.Abs);
            foreach (int bound in new[] { largest, largest + 1, 1 << 17, (1 << 19) - 196 })
            {
                for (int length = 1; length <= N; length += 5)
                    Rounding.NormReaches(element.AsSpan(0, length), bound)
                        .Should().Be(Rounding.NormReachesPlain(element.AsSpan(0, length), bound));
            }
        }
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(4, 4)]
    [InlineData(6, 0)]
    [InlineData(10, 0)]
    [InlineData(13, 1 << 12)]
    [InlineData(18, 1 << 17)]
    [InlineData(20, 1 << 19)]
    public void MLDsa_packing(int width, int offset)
    {
        foreach (int[] element in Polynomials(int.MaxValue))
        {
            int[] values = [.. element.Select(a => a & ((1 << width) - 1))];
            int[] signed = [.. values.Select(a => offset - a)];
            byte[] packed = new byte[32 * width];
            byte[] plain = new byte[32 * width];
            BitCodec.PackUnsigned(values, width, packed);
            BitCodec.PackUnsignedPlain(values, width, plain);
            packed.Should().Equal(plain);
            packed.AsSpan().Clear();
            BitCodec.Pack(signed, width, offset, packed);
            packed.Should().Equal(plain);

            // With bytes after the end, and without.
            byte[] longer = [.. packed, .. RandomNumberGenerator.GetBytes(40)];
            foreach (byte[] source in new[] { packed, longer })
            {
                int[] unpacked = new int[N];
                BitCodec.UnpackUnsigned(source, width, unpacked);
                unpacked.Should().Equal(values);
                BitCodec.Unpack(source, width, offset, unpacked);
                unpacked.Should().Equal(signed);
            }
        }
    }

    [Fact]
    public void MLDsa_rejection_of_the_matrix()
    {
        for (int i = 0; i < Rounds; i++)
        {
            // Every third byte decides: 0xFF is above q with any neighbours but few.
            byte[] stream = RandomNumberGenerator.GetBytes(840 + 64);
            for (int j = 2; j < stream.Length; j += 3)
                stream[j] = RandomNumberGenerator.GetInt32(1 + (i % 4)) == 0 ? stream[j] : (byte)0xFF;
            int length = i % 2 == 0 ? 840 : 168;
            int start = i % 3 == 0 ? 0 : RandomNumberGenerator.GetInt32(N + 1);
            int[] taken = new int[N];
            int[] plain = new int[N];
            int count = Sampling.Accept(stream, length, taken, start);
            count.Should().Be(Sampling.AcceptPlain(stream.AsSpan(0, length), plain, start));
            taken.AsSpan(0, count).SequenceEqual(plain.AsSpan(0, count)).Should().BeTrue();
        }
    }

    [Theory]
    [InlineData(2, 15)]
    [InlineData(4, 9)]
    public void MLDsa_rejection_of_the_secrets(int eta, int limit)
    {
        for (int i = 0; i < Rounds; i++)
        {
            byte[] stream = RandomNumberGenerator.GetBytes(272);
            if (i % 4 == 0)
                stream = [.. stream.Select(b => (byte)(b | 0x0F))];
            if (i == 1)
                stream.AsSpan().Clear();
            int start = RandomNumberGenerator.GetInt32(N);
            byte[] taken = new byte[N + 32];
            byte[] plain = new byte[N + 32];
            int count = Math.Min(N, Sampling.AcceptBounded(stream, limit, taken, start));
            count.Should().Be(Sampling.AcceptBoundedPlain(stream, limit, plain, start));
            taken.AsSpan(start, count - start).SequenceEqual(plain.AsSpan(start, count - start)).Should().BeTrue();

            byte[] halves = [.. stream.Take(N).Select(b => (byte)(b & 0x0F))];
            int[] centered = new int[N];
            int[] plainCentered = new int[N];
            Sampling.Center(eta, halves, new RingElement(centered));
            Sampling.CenterPlain(eta, halves, new RingElement(plainCentered));
            centered.Should().Equal(plainCentered);
        }
    }

    private static int LowPart(Gamma2 gamma2, int r)
    {
        gamma2.Decompose(r, out int low);
        return low;
    }

    /// <summary>All at one bound, all at the other, both in turn, zeros, and random ones, each at most the bound in size.</summary>
    private static IEnumerable<int[]> Polynomials(int bound)
    {
        yield return [.. Enumerable.Repeat(bound, N)];
        yield return [.. Enumerable.Repeat(-bound, N)];
        yield return [.. Enumerable.Range(0, N).Select(i => (i & 1) == 0 ? bound : -bound)];
        yield return [.. Enumerable.Range(0, N).Select(i => (i & 2) == 0 ? bound : -bound)];
        yield return new int[N];
        for (int i = 0; i < Rounds; i++)
        {
            byte[] random = RandomNumberGenerator.GetBytes(4 * N);
            long values = (2L * bound) + 1;
            yield return [.. Enumerable.Range(0, N).Select(j => (int)((BitConverter.ToUInt32(random, 4 * j) % values) - bound))];
        }
    }
}
