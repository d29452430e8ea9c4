using System.Numerics;
using Qkms.Core.Cryptography.BouncyCastle;

namespace Qkms.Tests.Cryptography;

/// <summary>V-01 for RSA: BouncyCastle refuses keys that the platform could hand out only by a fault.</summary>
public sealed class RsaOpinionTests
{
    private static readonly Lazy<RSAParameters> _sound = new(() =>
    {
        using RSA key = RSA.Create(2048);
        return key.ExportParameters(includePrivateParameters: true);
    });

    [Theory]
    [InlineData(2048, true)]
    [InlineData(2048, false)]
    [InlineData(3072, false)]
    [InlineData(4096, true)]
    public void Sound_key_passes(int bits, bool encrypts)
    {
        using RSA key = RSA.Create(bits);
        FluentActions.Invoking(() => RsaOpinion.Confirm(key, encrypts)).Should().NotThrow();
    }

    // Each number by itself: one bit is another, and the private ones are those that the platform would compute with.
    [Theory]
    [InlineData("Modulus")]
    [InlineData("Exponent")]
    [InlineData("D")]
    [InlineData("P")]
    [InlineData("Q")]
    [InlineData("DP")]
    [InlineData("DQ")]
    [InlineData("InverseQ")]
    public void Number_that_does_not_belong_is_refused(string number)
    {
        object changed = _sound.Value;
        System.Reflection.FieldInfo field = typeof(RSAParameters).GetField(number)!;
        byte[] value = [.. (byte[])field.GetValue(changed)!];

        // The last bits but one: the modulus and the factors stay odd.
        value[^1] ^= 2;
        field.SetValue(changed, value);
        ShouldBeRefused((RSAParameters)changed);
    }

    [Fact]
    public void Factor_that_is_not_prime_is_refused()
    {
        // p = a·b; all that can be computed from p and q fits.
        BigInteger q = Prime(1024);
        BigInteger a = Prime(512);
        BigInteger b = Prime(512);
        ShouldBeRefused(Compute(a * b, q, (a - 1) * (b - 1) * (q - 1)));
    }

    [Fact]
    public void Factors_that_are_close_to_each_other_are_refused()
    {
        BigInteger p = Prime(1024);
        BigInteger q = p + 2;
        while (!IsPrime(q) || (q - 1) % 65537 == 0)
            q += 2;
        ShouldBeRefused(Compute(p, q, (p - 1) * (q - 1)));
    }

    [Fact]
    public void Small_public_exponent_is_refused()
    {
        BigInteger p;
        BigInteger q;
        do
            p = Prime(1024);
        while ((p - 1) % 3 == 0);
        do
            q = Prime(1024);
        while ((q - 1) % 3 == 0);
        ShouldBeRefused(Compute(p, q, (p - 1) * (q - 1), exponent: 3));
    }

    // The same numbers without a fault pass, so that the tests above fail for the reason that they name.
    [Fact]
    public void Computed_key_without_a_fault_passes()
    {
        BigInteger p = Prime(1024);
        BigInteger q = Prime(1024);
        using RSA key = new Numbers(Compute(p, q, (p - 1) * (q - 1)));
        FluentActions.Invoking(() => RsaOpinion.Confirm(key, encrypts: false)).Should().NotThrow();
    }

    // A platform whose numbers are right and whose results are not.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Result_that_only_the_platform_takes_is_refused(bool encrypts)
    {
        using RSA key = new Numbers(_sound.Value) { IsWrong = true };
        FluentActions.Invoking(() => RsaOpinion.Confirm(key, encrypts)).Should().Throw<EngineFaultException>().WithMessage("*RSA-2048*");
    }

    private static void ShouldBeRefused(RSAParameters numbers)
    {
        using RSA key = new Numbers(numbers);
        FluentActions.Invoking(() => RsaOpinion.Confirm(key, encrypts: false))
            .Should().Throw<EngineFaultException>().WithMessage("*RSA-2048*");
    }

    private static RSAParameters Compute(BigInteger p, BigInteger q, BigInteger totient, int exponent = 65537)
    {
        BigInteger d = Inverse(exponent, totient);
        return new RSAParameters
        {
            Modulus = Bytes(p * q, 256),
            Exponent = new BigInteger(exponent).ToByteArray(isUnsigned: true, isBigEndian: true),
            D = Bytes(d, 256),
            P = Bytes(p, 128),
            Q = Bytes(q, 128),
            DP = Bytes(d % (p - 1), 128),
            DQ = Bytes(d % (q - 1), 128),
            InverseQ = Bytes(Inverse(q, p), 128),
        };
    }

    // With its two highest bits set, so that a product of two has full length, and without 65537 in p − 1.
    private static BigInteger Prime(int bits)
    {
        BigInteger candidate;
        do
        {
            byte[] random = RandomNumberGenerator.GetBytes(bits / 8);
            random[0] |= 0xC0;
            random[^1] |= 1;
            candidate = new BigInteger(random, isUnsigned: true, isBigEndian: true);
        }
        while (!IsPrime(candidate) || (candidate - 1) % 65537 == 0);
        return candidate;
    }

    private static bool IsPrime(BigInteger candidate) =>
        new Org.BouncyCastle.Math.BigInteger(1, candidate.ToByteArray(isUnsigned: true, isBigEndian: true)).IsProbablePrime(64);

    private static BigInteger Inverse(BigInteger value, BigInteger modulus)
    {
        (BigInteger low, BigInteger high, BigInteger x, BigInteger y) = (value % modulus, modulus, 1, 0);
        while (low > 1)
        {
            BigInteger quotient = high / low;
            (high, low) = (low, high % low);
            (y, x) = (x, y - (quotient * x));
        }

        return ((x % modulus) + modulus) % modulus;
    }

    private static byte[] Bytes(BigInteger value, int length)
    {
        byte[] bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[length - bytes.Length], .. bytes];
    }

    /// <summary>An RSA key that gives out any numbers, and computes with those that are sound.</summary>
    private sealed class Numbers : RSA
    {
        private readonly RSAParameters _numbers;
        private readonly RSA _inner = Create();

        public Numbers(RSAParameters numbers)
        {
            (_numbers, KeySizeValue) = (numbers, 2048);
            try
            {
                _inner.ImportParameters(numbers);
            }
            catch (CryptographicException)
            {
                // The platform notices by itself; BouncyCastle has to as well.
            }
        }

        public bool IsWrong { get; init; }

        public override RSAParameters ExportParameters(bool includePrivateParameters) => Copy(_numbers);

        public override void ImportParameters(RSAParameters parameters) => throw new NotSupportedException();

        public override byte[] SignData(byte[] data, int offset, int count, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding) =>
            Wrong(_inner.SignData(data, offset, count, hashAlgorithm, padding));

        public override bool TrySignHash(
            ReadOnlySpan<byte> hash,
            Span<byte> destination,
            HashAlgorithmName hashAlgorithm,
            RSASignaturePadding padding,
            out int bytesWritten)
        {
            byte[] signature = SignHash(hash.ToArray(), hashAlgorithm, padding);
            signature.CopyTo(destination);
            bytesWritten = signature.Length;
            return true;
        }

        public override byte[] SignHash(byte[] hash, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding) =>
            Wrong(_inner.SignHash(hash, hashAlgorithm, padding));

        public override byte[] Decrypt(byte[] data, RSAEncryptionPadding padding) => Wrong(_inner.Decrypt(data, padding));

        protected override void Dispose(bool disposing)
        {
            _inner.Dispose();
            base.Dispose(disposing);
        }

        private byte[] Wrong(byte[] result)
        {
            result[^1] ^= IsWrong ? (byte)1 : (byte)0;
            return result;
        }

        // Confirm zeroes what it is given.
        private static RSAParameters Copy(RSAParameters numbers) => new()
        {
            Modulus = [.. numbers.Modulus!],
            Exponent = [.. numbers.Exponent!],
            D = [.. numbers.D!],
            P = [.. numbers.P!],
            Q = [.. numbers.Q!],
            DP = [.. numbers.DP!],
            DQ = [.. numbers.DQ!],
            InverseQ = [.. numbers.InverseQ!],
        };
    }
}
