using System.Collections.Concurrent;
using System.Numerics;

namespace Qkms.Tests.Support;

/// <summary>
/// RSA keys for one service of the tests. The search for primes was a fourth of all that the tests compute: each service takes the first
/// keys of one pool, in order, and no two of its keys are the same. For the same reason each two primes of the pool make a key: whoever
/// knows one of these keys can factor others, which no test does. The services that run as processes search for themselves.
/// </summary>
internal sealed class PooledRsaKeys(SecondOpinion opinion) : KeyMakers(opinion)
{
    private static readonly BigInteger _exponent = 65537;

    private static readonly ConcurrentDictionary<(int Bits, int Search), Lazy<BigInteger[]>> _primes = new();

    private static readonly ConcurrentDictionary<(int Bits, int Number), Lazy<byte[]>> _pool = new();

    private readonly ConcurrentDictionary<int, int> _taken = new();

    public override RSA NewRsa(int bits)
    {
        int number = _taken.AddOrUpdate(bits, 1, static (_, taken) => taken + 1);
        byte[] pkcs8 = _pool.GetOrAdd((bits, number), static key => new Lazy<byte[]>(() => NewPkcs8(key.Bits, key.Number))).Value;
        RSA taken = RSA.Create();
        taken.ImportPkcs8PrivateKey(pkcs8, out _);
        return taken;
    }

    private static byte[] NewPkcs8(int bits, int number)
    {
        // Pairs in the order (1, 0), (2, 0), (2, 1), (3, 0): as few primes as the keys need.
        int second = number - 1;
        int first = 1;
        for (; second >= first; first++)
            second -= first;

        using RSA made = RSA.Create(KeyOf(bits, Prime(bits, first), Prime(bits, second)));
        return made.ExportPkcs8PrivateKey();
    }

    private static BigInteger Prime(int bits, int index) =>
        _primes.GetOrAdd((bits, index / 2), static search => new Lazy<BigInteger[]>(() => NewPrimes(search.Bits))).Value[index % 2];

    private static BigInteger[] NewPrimes(int bits)
    {
        using RSA made = RSA.Create(bits);
        RSAParameters parameters = made.ExportParameters(includePrivateParameters: true);
        return [Number(parameters.P!), Number(parameters.Q!)];
    }

    private static RSAParameters KeyOf(int bits, BigInteger p, BigInteger q)
    {
        BigInteger d = Invert(_exponent, (p - 1) * (q - 1));
        int whole = bits / 8;
        return new RSAParameters
        {
            Modulus = Bytes(p * q, whole),
            Exponent = _exponent.ToByteArray(isUnsigned: true, isBigEndian: true),
            D = Bytes(d, whole),
            P = Bytes(p, whole / 2),
            Q = Bytes(q, whole / 2),
            DP = Bytes(d % (p - 1), whole / 2),
            DQ = Bytes(d % (q - 1), whole / 2),
            InverseQ = Bytes(Invert(q, p), whole / 2),
        };
    }

    private static BigInteger Number(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Bytes(BigInteger number, int length)
    {
        byte[] bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[length - bytes.Length], .. bytes];
    }

    // Euclid's algorithm, extended.
    private static BigInteger Invert(BigInteger value, BigInteger modulus)
    {
        (BigInteger rest, BigInteger next) = (modulus, value % modulus);
        (BigInteger factor, BigInteger nextFactor) = (BigInteger.Zero, BigInteger.One);
        while (!next.IsZero)
        {
            BigInteger quotient = rest / next;
            (rest, next) = (next, rest - (quotient * next));
            (factor, nextFactor) = (nextFactor, factor - (quotient * nextFactor));
        }

        return factor.Sign < 0 ? factor + modulus : factor;
    }
}
