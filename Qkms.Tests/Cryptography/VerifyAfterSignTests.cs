using System.Reflection;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Cryptography;

/// <summary>A signature of the managed engine that was computed wrongly does not leave it.</summary>
public sealed class VerifyAfterSignTests
{
    private static readonly byte[] _message = "a message"u8.ToArray();

    [Theory]
    [InlineData("ML-DSA-44")]
    [InlineData("ML-DSA-65")]
    [InlineData("ML-DSA-87")]
    public void Signature_with_a_fault_is_held_back(string name)
    {
        using MLDsa key = new ManagedEngine().GenerateMLDsa(Algorithms.MLDsa(name));
        byte[] signature = new byte[key.Algorithm.SignatureSizeInBytes];
        key.SignData(_message.AsSpan(), signature);

        ChangeSecret(key);
        RandomNumberGenerator.Fill(signature);
        FluentActions.Invoking(() => key.SignData(_message.AsSpan(), signature))
            .Should().Throw<EngineFaultException>().WithMessage($"*{name} by 'managed'*");
        signature.Should().OnlyContain(b => b == 0);
        FluentActions.Invoking(() => key.SignMu(new byte[64])).Should().Throw<EngineFaultException>();
    }

    [Fact]
    public void Without_the_check_it_leaves()
    {
        using MLDsa key = PqcEngines.Select(PqcEngines.Managed, verifyAfterSign: false).GenerateMLDsa(MLDsaAlgorithm.MLDsa65);
        byte[] signature = new byte[key.Algorithm.SignatureSizeInBytes];
        key.SignData(_message.AsSpan(), signature);
        key.VerifyData(_message.AsSpan(), signature).Should().BeTrue();

        ChangeSecret(key);
        key.SignData(_message.AsSpan(), signature);
        key.VerifyData(_message.AsSpan(), signature).Should().BeFalse();
    }

    [Fact]
    public void It_is_on_unless_turned_off()
    {
        Verifies(PqcEngines.Select(PqcEngines.Managed)).Should().BeTrue();
        Verifies(PqcEngines.OfThisAssembly).Should().BeTrue();
        Verifies(PqcEngines.Select(PqcEngines.Managed, verifyAfterSign: false)).Should().BeFalse();

        static bool Verifies(PqcEngine engine)
        {
            using MLDsa generated = engine.GenerateMLDsa(MLDsaAlgorithm.MLDsa44);
            using MLDsa imported = engine.ImportMLDsaPrivateSeed(MLDsaAlgorithm.MLDsa44, generated.ExportMLDsaPrivateSeed());
            ((MLDsaManaged)imported).VerifiesAfterSigning.Should().Be(((MLDsaManaged)generated).VerifiesAfterSigning);
            return ((MLDsaManaged)generated).VerifiesAfterSigning;
        }
    }

    /// <summary>
    /// Adds 1 to the first coefficient of s₁, which adds 1 to all 256 in the image of the transform: the signature that comes out has a
    /// small z, and only the verification sees that it is not the right one.
    /// </summary>
    private static void ChangeSecret(MLDsa key)
    {
        object signingKey = typeof(MLDsaManaged).GetField("_signingKey", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(key)!;
        Span<int> s1 = ((SigningKey)signingKey).S1.Coefficients;
        for (int i = 0; i < ParameterSet.N; i++)
            s1[i]++;
    }
}
