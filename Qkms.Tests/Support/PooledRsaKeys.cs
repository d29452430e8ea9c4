using System.Collections.Concurrent;

namespace Qkms.Tests.Support;

/// <summary>
/// RSA keys for one service of the tests. The search for primes was a fourth of all that the tests compute: each service takes the first
/// keys of one pool, in order, and no two of its keys are the same. The services that run as processes search for themselves.
/// </summary>
internal sealed class PooledRsaKeys(SecondOpinion opinion) : KeyMakers(opinion)
{
    private static readonly ConcurrentDictionary<(int Bits, int Number), Lazy<byte[]>> _pool = new();

    private readonly ConcurrentDictionary<int, int> _taken = new();

    public override RSA NewRsa(int bits)
    {
        int number = _taken.AddOrUpdate(bits, 1, static (_, taken) => taken + 1);
        byte[] pkcs8 = _pool.GetOrAdd((bits, number), static key => new Lazy<byte[]>(() => NewPkcs8(key.Bits))).Value;
        RSA taken = RSA.Create();
        taken.ImportPkcs8PrivateKey(pkcs8, out _);
        return taken;
    }

    private static byte[] NewPkcs8(int bits)
    {
        using RSA made = RSA.Create(bits);
        return made.ExportPkcs8PrivateKey();
    }
}
