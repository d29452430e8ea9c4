namespace Qkms.Tests.Cryptography;

/// <summary>
/// What every engine owes its callers, run over each that is present. Where engines may differ,
/// <see cref="EngineUnderTest"/> says so by name.
/// </summary>
public sealed partial class EngineContractTests
{
    private static readonly PbeParameters _pbe = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 1000);

    [Fact]
    public void Managed_engine_is_present_and_passes_its_self_test() => SelfTest.Run(PqcEngines.Select(PqcEngines.Managed));

    [FactIf(Requirement.Engine, PqcEngines.Platform)]
    [Trait("Engine", PqcEngines.Platform)]
    public void Platform_engine_is_present_and_passes_its_self_test() => SelfTest.Run(PqcEngines.Select(PqcEngines.Platform));

    [Fact]
    public void BouncyCastle_engine_is_present_and_passes_its_self_test() => SelfTest.Run(PqcEngines.Select(PqcEngines.BouncyCastle));
}
