namespace Qkms.Tests.Cryptography;

/// <summary>The settings Qkms:Crypto:Engine and Qkms:Crypto:StrictEngine.</summary>
public sealed class EngineSelectionTests
{
    [Theory]
    [InlineData("bouncycastle", true, "bouncycastle")]
    [InlineData("BouncyCastle", false, "bouncycastle")]
    [InlineData("platform", true, "platform")]
    [InlineData("managed", true, "managed")]
    [InlineData("MANAGED", false, "managed")]
    public void Setting_chooses_the_engine(string setting, bool platform, string name) =>
        PqcEngines.Select(setting, strict: false, verifyAfterSign: true, platform).Name.Should().Be(name);

    [Theory]
    [InlineData("platform", false, "*Qkms:Crypto:Engine*OpenSSL 3.5*Available here: bouncycastle, managed.")]
    [InlineData("auto", true, "*Qkms:Crypto:Engine is 'auto'*not an engine*Available here: bouncycastle, platform, managed.")]
    [InlineData("openssl", false, "*Qkms:Crypto:Engine is 'openssl'*Available here: bouncycastle, managed.")]
    [InlineData("", false, "*Qkms:Crypto:Engine is ''*Available here: bouncycastle, managed.")]
    public void Engine_that_is_not_there_is_refused_with_what_is(string setting, bool platform, string message) =>
        FluentActions.Invoking(() => PqcEngines.Select(setting, strict: false, verifyAfterSign: true, platform))
            .Should().Throw<PqcEngineUnavailableException>().WithMessage(message);

    [Theory]
    [InlineData("bouncycastle", false, "bouncycastle (external mu by managed)")]
    [InlineData("bouncycastle", true, "bouncycastle (strict: no external mu)")]
    [InlineData("managed", false, "managed")]
    [InlineData("managed", true, "managed")]
    public void Start_up_line_says_what_another_engine_does(string setting, bool strict, string description) =>
        PqcEngines.Select(setting, strict).Description.Should().Be(description);
}
