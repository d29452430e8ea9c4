using Qkms.Core.Cryptography;

namespace Qkms.Tests.Cryptography;

/// <summary>The setting Qkms:Crypto:Engine.</summary>
public sealed class EngineSelectionTests
{
    [Theory]
    [InlineData("auto", true, "platform")]
    [InlineData("auto", false, "managed")]
    [InlineData("AUTO", false, "managed")]
    [InlineData("platform", true, "platform")]
    [InlineData("managed", true, "managed")]
    [InlineData("managed", false, "managed")]
    public void Setting_chooses_the_engine(string setting, bool platform, string name) =>
        PqcEngines.Select(setting, platform, bouncyCastle: null).Name.Should().Be(name);

    [Theory]
    [InlineData("bouncycastle")]
    [InlineData("BouncyCastle")]
    public void BouncyCastle_is_chosen_where_the_build_contains_it_and_never_by_auto(string setting)
    {
        var standIn = new ManagedEngine();
        PqcEngines.Select(setting, isPlatformSupported: true, standIn).Should().BeSameAs(standIn);
        PqcEngines.Select("auto", isPlatformSupported: false, standIn).Should().NotBeSameAs(standIn);
    }

    [Theory]
    [InlineData("platform", false, "*Qkms:Crypto:Engine*OpenSSL 3.5*Available here: auto, managed.")]
    [InlineData("bouncycastle", false, "*Qkms:Crypto:Engine*UseBouncyCastle=true*Available here: auto, managed.")]
    [InlineData("bouncycastle", true, "*Qkms:Crypto:Engine*Available here: auto, platform, managed.")]
    [InlineData("openssl", false, "*Qkms:Crypto:Engine is 'openssl'*Available here: auto, managed.")]
    [InlineData("", false, "*Qkms:Crypto:Engine is ''*Available here: auto, managed.")]
    public void Engine_that_is_not_there_is_refused_with_what_is(string setting, bool platform, string message) =>
        FluentActions.Invoking(() => PqcEngines.Select(setting, platform, bouncyCastle: null))
            .Should().Throw<PqcEngineUnavailableException>().WithMessage(message);

    [Fact]
    public void Refusal_names_BouncyCastle_where_the_build_contains_it() =>
        FluentActions.Invoking(() => PqcEngines.Select("openssl", isPlatformSupported: false, new ManagedEngine()))
            .Should().Throw<PqcEngineUnavailableException>().WithMessage("*Available here: auto, managed, bouncycastle.");

    [Fact]
    public void Auto_never_fails_on_this_machine() =>
        PqcEngines.Select("auto").Name.Should().Be(PqcEngines.IsPlatformSupported ? "platform" : "managed");
}
