using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Qkms.Core.Cryptography.Fips203;

namespace Qkms.Benchmarks;

/// <summary>ML-KEM-768 of the managed engine: generation, and both operations on a key that is loaded.</summary>
[MemoryDiagnoser]
[MedianColumn]
public class MLKemBenchmarks
{
    private readonly MLKem _key = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
    private readonly byte[] _ciphertext = new byte[MLKemAlgorithm.MLKem768.CiphertextSizeInBytes];
    private readonly byte[] _secret = new byte[MLKemAlgorithm.MLKem768.SharedSecretSizeInBytes];

    [GlobalSetup]
    public void Setup() => _key.Encapsulate(_ciphertext, _secret);

    [GlobalCleanup]
    public void Cleanup() => _key.Dispose();

    [Benchmark]
    public void GenerateKey() => MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768).Dispose();

    [Benchmark]
    public void Encapsulate() => _key.Encapsulate(_ciphertext, _secret);

    [Benchmark]
    public void Decapsulate() => _key.Decapsulate(_ciphertext, _secret);
}
