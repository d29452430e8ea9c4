using Microsoft.Extensions.Configuration;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Hosting;

/// <summary>F-24: an address is read as Kestrel reads it; what Kestrel would take for "all addresses" is no loopback.</summary>
public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://127.1:8080")]
    [InlineData("http://0x7f.1:8080")]
    [InlineData("http://2130706433:8080")]
    [InlineData("http://[::1]:8080")]
    [InlineData("http://[::ffff:127.0.0.1]:8080")]
    [InlineData("HTTP://LOCALHOST:8080")]
    [InlineData("http://127.0.0.1:8080/")]
    [InlineData("http://unix:/run/qkms/qkms.sock")]
    public void F24_addresses_of_this_machine_are_local(string text)
    {
        ListenAddress address = ListenAddress.Parse(text);

        address.IsLocal.Should().BeTrue();
        address.IsTls.Should().BeFalse();
    }

    [Theory]
    [InlineData("http://0.0.0.0:8080")]
    [InlineData("http://[::]:8080")]
    [InlineData("http://*:8080")]
    [InlineData("http://+:8080")]
    [InlineData("http://10.0.0.7:8080")]
    [InlineData("http://[fe80::1%1]:8080")]
    [InlineData("http://8080")]
    public void F24_others_are_not(string text)
    {
        PlaintextRuleFor(("urls", text)).Should().Throw<SettingsException>().WithMessage($"'{text}' would serve HTTP without TLS*");
        PlaintextRuleFor(("Kestrel:Endpoints:Web:Url", text)).Should().Throw<SettingsException>();
        PlaintextRuleFor(("urls", text.Replace("http:", "https:", StringComparison.Ordinal))).Should().NotThrow();
    }

    [Theory]
    [InlineData("http://[::1]x:8080")]
    [InlineData("http://[::1")]
    [InlineData("http://127.0.0.1.x:8080")]
    [InlineData("http://localhost.evil:8080")]
    [InlineData("http://localhostx:8080")]
    [InlineData("http://127.0.0.1:abc")]
    [InlineData("http://127.0.0.1:8080x")]
    [InlineData("http://user@127.0.0.1:8080")]
    [InlineData("http://kms.example:8080")]
    [InlineData("http://127.0.0.1:65536")]
    [InlineData("http://127.0.0.1:-1")]
    [InlineData("http://localhost:0")]
    [InlineData("http://127.0.0.1:8080/qkms")]
    [InlineData("http://")]
    [InlineData("ftp://127.0.0.1:8080")]
    [InlineData("127.0.0.1:8080")]
    [InlineData("foo")]
    public void F24_F43_what_is_no_address_is_refused(string text)
    {
        Action parse = () => ListenAddress.Parse(text);

        parse.Should().Throw<SettingsException>().WithMessage($"'{text}' *");
    }

    [Fact]
    public void F24_ports_alone_are_those_of_all_addresses()
    {
        PlaintextRuleFor(("http_ports", "8080")).Should().Throw<SettingsException>().WithMessage("'http://*:8080' *");
        PlaintextRuleFor(("http_ports", "abc")).Should().Throw<SettingsException>().WithMessage("http_ports must be ports*");
        PlaintextRuleFor(("https_ports", "8443")).Should().NotThrow();
        PlaintextRuleFor(("https_ports", "84430")).Should().Throw<SettingsException>();
        PlaintextRuleFor(("Kestrel:Endpoints:Web:Protocols", "Http1"))
            .Should().Throw<SettingsException>().WithMessage("Kestrel:Endpoints:Web:Url *");
        PlaintextRuleFor(("urls", "http://127.0.0.1:0; http://[::]:0"))
            .Should().Throw<SettingsException>().WithMessage("'http://[::]:0' *");
    }

    private static Action PlaintextRuleFor(params (string Name, string Value)[] settings) => () =>
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)).Build();
        PlaintextRule.Check(ListenAddress.In(configuration), allowPlaintext: false);
    };
}
