namespace Qkms.Tests.Cryptography;

/// <summary>
/// The known answers at start refuse an engine that computes wrongly; that they pass is in <see cref="EngineContractTests"/>.
/// </summary>
public sealed class SelfTestTests
{
    [Theory]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-DSA-65")]
    public void Wrong_key_is_noticed_and_named(string algorithm) =>
        FluentActions.Invoking(() => SelfTest.Run(new WrongEngine(algorithm)))
            .Should().Throw<EngineFaultException>().WithMessage($"*{algorithm}*'wrong'*");
}
