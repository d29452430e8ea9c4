using System.Globalization;
using System.Runtime.CompilerServices;
using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips204;
using MLKemManaged = Qkms.Core.Cryptography.Fips203.MLKemManaged;
using ParameterSet = Qkms.Core.Cryptography.Fips204.ParameterSet;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// The reference code of CRYSTALS (pq-crystals/kyber 4768bd3, pq-crystals/dilithium 6e00625) has a program, <c>test_vectors</c>, that
/// prints 10,000 runs with randomness of SHAKE128(""), and publishes the SHA-256 of what it prints. Here the engines print the same.
/// </summary>
public sealed class ReferenceDigestTests
{
    private const int Runs = 10_000;

    public static TheoryData<string, string, string> MLKemDigests
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (string engine in EngineUnderTest.Present.Keys)
            {
                data.Add(engine, "ML-KEM-512", "4d34994299a8f8dcb36c550951a00f6e16918d6d5b6f280ee2aa12a7bf8375a0");
                data.Add(engine, "ML-KEM-768", "b59ac4d2b429b1f8c3b8a5542fb638179da2fd8b1212891d2f976e70e219fed1");
                data.Add(engine, "ML-KEM-1024", "3f577090c7cb7a345ce0417a2a2353153a9f1b8d79f8d927cb6a7b4ec17fd2a1");
            }

            return data;
        }
    }

    /// <remarks>
    /// The platform encapsulates with randomness of its own only, so that its ciphertexts are those of the managed engine.
    /// </remarks>
    [TheoryIf(Requirement.LongTests)]
    [MemberData(nameof(MLKemDigests))]
    public void MLKem(string engine, string set, string digest)
    {
        EngineUnderTest tested = EngineUnderTest.Present[engine];
        MLKemAlgorithm algorithm = Algorithms.MLKem(set);
        var random = Sponge.NewShake128();
        byte[] seed = new byte[64];
        byte[] message = new byte[32];
        byte[] invalid = new byte[algorithm.CiphertextSizeInBytes];
        using Printer printer = new();
        for (int i = 0; i < Runs; i++)
        {
            random.Squeeze(seed);
            using MLKem key = tested.Engine.ImportMLKemPrivateSeed(algorithm, seed);
            printer.Line("Public Key: ", key.ExportEncapsulationKey());
            printer.Line("Secret Key: ", key.ExportDecapsulationKey());

            random.Squeeze(message);
            (byte[] ciphertext, byte[] secret) = KnownRandomness.Encapsulate(key, message) ?? Managed(key, message);
            printer.Line("Ciphertext: ", ciphertext);
            printer.Line("Shared Secret B: ", secret);
            printer.Line("Shared Secret A: ", key.Decapsulate(ciphertext));

            random.Squeeze(invalid);
            printer.Line("Pseudorandom shared Secret A: ", key.Decapsulate(invalid));
        }

        printer.Digest().Should().Be(digest);

        static (byte[] Ciphertext, byte[] Secret) Managed(MLKem key, byte[] message)
        {
            using var same = MLKemManaged.ImportEncapsulationKey(key.Algorithm, key.ExportEncapsulationKey());
            return KnownRandomness.Encapsulate(same, message)!.Value;
        }
    }

    /// <remarks>
    /// Most of what is printed are values inside: the matrix, secrets and mask of a seed, w = A·y, its parts, and the challenge.
    /// </remarks>
    [TheoryIf(Requirement.LongTests)]
    [InlineData("ML-DSA-44", "5f0d135c0f7fd43f3fb9727265fcd6ec3651eb8c67c04ea5f3d8dfa1d99740d2")]
    [InlineData("ML-DSA-65", "14bf84918ee90e7afbd580191d3eb890d4557e0900b1145e39a8399ef7dd3fba")]
    [InlineData("ML-DSA-87", "759a3ba35210c7e27ff90a7ce5e399295533b82ef125e6ec98af158e00268e44")]
    public void MLDsa(string set, string digest)
    {
        // The reference prints to a buffer of 13 bytes, and signs all of them, with the zero at the end.
        byte[] context = "test_vectors\0"u8.ToArray();
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(set);
        var random = Sponge.NewShake128();
        byte[] message = new byte[32];
        byte[] keySeed = new byte[32];
        byte[] randomness = new byte[32];
        byte[] seed = new byte[64];
        using Printer printer = new();
        for (int i = 0; i < Runs; i++)
        {
            random.Squeeze(message);
            printer.Line($"count = {i}\nm = ", message);

            random.Squeeze(keySeed);
            using var key = MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, keySeed);
            printer.Line("pk = ", Shake256.HashData(key.ExportMLDsaPublicKey(), 32));
            printer.Line("sk = ", Shake256.HashData(key.ExportMLDsaPrivateKey(), 32));

            random.Squeeze(randomness);
            byte[] signature = KnownRandomness.Sign(key, message, context, randomness)!;
            if (!key.VerifyData(message, signature, context))
                Assert.Fail($"The signature of run {i} is refused.");
            printer.Line("sig = ", Shake256.HashData(signature, 32));

            random.Squeeze(seed);
            printer.Text($"seed = {Convert.ToHexString(seed)}\n");
            PrintInside(ParameterSet.Of(algorithm), seed, printer);
            printer.Text("\n");
        }

        printer.Digest().Should().Be(digest);
    }

    private static void PrintInside(ParameterSet set, byte[] seed, Printer printer)
    {
        const int N = ParameterSet.N;
        int[] matrix = new int[set.K * set.L * N];
        int[] s1 = new int[set.L * N];
        int[] s2 = new int[set.K * N];
        int[] y = new int[set.L * N];
        int[] w = new int[set.K * N];
        int[] high = new int[set.K * N];
        int[] low = new int[set.K * N];
        int[] challenge = new int[N];

        Sampling.ExpandMatrix(set, seed.AsSpan(0, ParameterSet.SeedSize), new NttVector(matrix));
        printer.Text("A = ([");
        for (int i = 0; i < set.K; i++)
            printer.Polynomials(matrix.AsSpan(i * set.L * N, set.L * N), width: 8, "], [", i < set.K - 1 ? "];\n     [" : "])\n");

        Sampling.ExpandSecrets(set, seed, new RingVector(s1), new RingVector(s2));
        printer.Vector("s = ([", s1, width: 3, "],\n     [");
        new MaskStream(set, seed, new byte[MaskStream.Size]).Next(new RingVector(y));
        printer.Vector("y = ([", y, width: 8, "],\n     [");

        for (int j = 0; j < set.L; j++)
            Ntt.Forward(new RingVector(y)[j]);
        for (int i = 0; i < set.K; i++)
            Ntt.Inverse(Products.SumRow(new NttVector(matrix), i, new NttVector(y), new RingVector(w)[i]));

        for (int j = 0; j < w.Length; j++)
            high[j] = set.Gamma2.Decompose(w[j], out low[j]);
        printer.Vector("w1 = ([", high, width: 2, "],\n      [");
        printer.Vector("w0 = ([", low, width: 8, "],\n      [");

        for (int i = 0; i < set.K; i++)
            Rounding.Power2Round(new RingVector(w)[i], new RingVector(high)[i], new RingVector(low)[i]);
        printer.Vector("t1 = ([", high, width: 3, "],\n      [");
        printer.Vector("t0 = ([", low, width: 5, "],\n      [");

        SampleInBall.Sample(set, seed.AsSpan(0, set.ChallengeSize), new RingElement(challenge));
        printer.Text("c = [");
        printer.Polynomials(challenge, width: 2, string.Empty, "]\n");
    }

    /// <summary>What C's printf writes, into a hash.</summary>
    private sealed class Printer : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly byte[] _buffer = new byte[1 << 16];
        private int _length;

        public void Dispose() => _hash.Dispose();

        internal void Line(string name, byte[] bytes)
        {
            Text(name);
            foreach (byte[] piece in bytes.Chunk(1024))
                Text(Convert.ToHexStringLower(piece));
            Text("\n");
        }

        internal void Text(string text)
        {
            Reserve(text.Length);
            foreach (char letter in text)
                _buffer[_length++] = (byte)letter;
        }

        internal void Vector(string name, ReadOnlySpan<int> coefficients, int width, string between)
        {
            Text(name);
            Polynomials(coefficients, width, between, "])\n");
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        internal void Polynomials(ReadOnlySpan<int> coefficients, int width, string between, string end)
        {
            // As wide as a number has to be, and at least so wide: %8d and the like.
            Span<byte> digits = stackalloc byte[16];
            for (int i = 0; i < coefficients.Length; i++)
            {
                coefficients[i].TryFormat(digits, out int length, provider: CultureInfo.InvariantCulture);
                Reserve(2 * digits.Length);
                Span<byte> free = _buffer.AsSpan(_length);
                int padding = Math.Max(0, width - length);
                free[..padding].Fill((byte)' ');
                digits[..length].CopyTo(free[padding..]);
                _length += padding + length;

                int next = i + 1;
                if (next % ParameterSet.N == 0)
                {
                    Text(next < coefficients.Length ? between : end);
                    continue;
                }

                free[padding + length] = (byte)',';
                free[padding + length + 1] = (byte)' ';
                _length += 2;
            }
        }

        internal string Digest()
        {
            Flush();
            return Convert.ToHexStringLower(_hash.GetHashAndReset());
        }

        private void Reserve(int length)
        {
            if (_length + length > _buffer.Length)
                Flush();
        }

        private void Flush()
        {
            _hash.AppendData(_buffer.AsSpan(0, _length));
            _length = 0;
        }
    }
}
