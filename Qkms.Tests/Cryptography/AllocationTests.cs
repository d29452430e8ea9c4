using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Cryptography;

/// <summary>Operations with a key that is loaded allocate nothing in the managed engine.</summary>
public sealed class AllocationTests
{
    private const int Runs = 50;

    [Theory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public void MLKem_operations_allocate_nothing(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        using MLKem key = MLKemManaged.GenerateKey(algorithm);
        byte[] ciphertext = new byte[algorithm.CiphertextSizeInBytes];
        byte[] secret = new byte[algorithm.SharedSecretSizeInBytes];
        Allocated(() => key.Encapsulate(ciphertext, secret)).Should().Be(0, "encapsulation");
        Allocated(() => key.Decapsulate(ciphertext, secret)).Should().Be(0, "decapsulation");
    }

    [Theory]
    [InlineData("ML-DSA-44")]
    [InlineData("ML-DSA-65")]
    [InlineData("ML-DSA-87")]
    public void MLDsa_operations_allocate_nothing(string name)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(name);
        using MLDsa key = MLDsaManaged.GenerateKey(algorithm);
        byte[] message = RandomNumberGenerator.GetBytes(100);
        byte[] mu = RandomNumberGenerator.GetBytes(64);
        byte[] signature = new byte[algorithm.SignatureSizeInBytes];
        Allocated(() => key.SignData(message.AsSpan(), signature)).Should().Be(0, "signing");
        Allocated(() => key.VerifyData(message.AsSpan(), signature)).Should().Be(0, "verification");
        Allocated(() => key.SignMu(mu.AsSpan(), signature)).Should().Be(0, "signing of μ");
        Allocated(() => key.VerifyMu(mu.AsSpan(), signature)).Should().Be(0, "verification of μ");
    }

    /// <summary>Bytes, once everything is compiled.</summary>
    private static long Allocated(Action operation)
    {
        for (int i = 0; i < Runs; i++)
            operation();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Runs; i++)
            operation();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
