using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Benchmarks;

/// <summary>ML-DSA-65 of the managed engine beside RSA-2048 (PSS, SHA-256) of the platform.</summary>
/// <remarks>
/// How often a signature is tried depends on the message, so one operation is a signature over each of a set of messages, and the time is
/// divided by their number. The key is that of the seed zero and the signatures are deterministic, so that every run makes the same
/// attempts. With the messages of C2SP/CCTV (<see cref="BenchmarkMessages"/>) the number of attempts is representative.
/// </remarks>
[MemoryDiagnoser]
[MedianColumn]
public class SignatureBenchmarks
{
    private const int Messages = 147;

    private readonly MLDsaManaged _key = MLDsaManaged.ImportMLDsaPrivateSeed(MLDsaAlgorithm.MLDsa65, new byte[32]);
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly byte[] _signature = new byte[MLDsaAlgorithm.MLDsa65.SignatureSizeInBytes];
    private readonly byte[] _randomness = new byte[32];
    private byte[][] _messages = [];

    [GlobalSetup]
    public void Setup()
    {
        _messages = BenchmarkMessages.Read(Messages);
        _key.SignData(_messages[0].AsSpan(), _signature);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _key.Dispose();
        _rsa.Dispose();
    }

    [Benchmark]
    public void MLDsaGenerateKey() => MLDsaManaged.GenerateKey(MLDsaAlgorithm.MLDsa65).Dispose();

    [Benchmark(OperationsPerInvoke = Messages)]
    public void MLDsaSign()
    {
        Span<byte> mu = stackalloc byte[64];
        byte[] signature = new byte[_signature.Length];
        foreach (byte[] message in _messages)
        {
            _key.ComputeMu(message, [], mu);
            _key.SignMuDeterministicForTesting(mu, _randomness, signature);
        }
    }

    [Benchmark]
    public bool MLDsaVerify() => _key.VerifyData(_messages[0].AsSpan(), _signature);

    [Benchmark(Baseline = true)]
    public byte[] RsaSign() => _rsa.SignData(_messages[0], HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
}
