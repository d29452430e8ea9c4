using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Qkms.Api.Certificates;

namespace Qkms.Tests.Certificates;

/// <summary>F-47: a certificate that is renewed is served without a restart, and one that runs out is warned of.</summary>
public sealed class ServerCertificatesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeLogger<ServerCertificates> _log = new();
    private readonly ManualTime _time = ManualTime.Standing();
    private readonly ServerCertificates _certificates;
    private X509Certificate2 _first = TestCertificates.Make();

    public ServerCertificatesTests() => _certificates = new ServerCertificates(_time, _log);

    public void Dispose() => _directory.Dispose();

    // As certbot does: the names are links into an archive, and each is exchanged as a whole.
    [Fact]
    public void F47_renewal_by_exchanged_links_is_served()
    {
        Open("archive1");
        X509Certificate2 second = TestCertificates.Make();
        second.Write(_directory, "archive2");
        Link("live.pem", "archive2.pem");
        Link("live.key", "archive2.key");

        _certificates.Refresh();
        Served(_first).Should().Be(second.Thumbprint);
        Said(LogLevel.Information).Should().ContainSingle().Which.Should().Contain("live.pem").And.Contain("served from now on");

        X509Certificate2 third = TestCertificates.Make();
        third.Write(_directory, "archive2");
        _certificates.Refresh();
        Served(_first).Should().Be(third.Thumbprint);
        Served(second).Should().Be(third.Thumbprint, "Kestrel may have read the second one at its start");
        _certificates.Refresh();
        Said(LogLevel.Information).Should().HaveCount(2, "nothing has changed since");
    }

    [Theory]
    [InlineData("key of another")]
    [InlineData("no key")]
    [InlineData("junk")]
    [InlineData("no certificate")]
    public void F47_broken_renewal_keeps_the_one_before_and_is_logged_once_until_it_is_repaired(string fault)
    {
        Open("archive1");
        X509Certificate2 second = TestCertificates.Make();
        second.Write(_directory, "archive2");
        Link("live.pem", fault is "no certificate" ? "none" : "archive2.pem");
        if (fault is "no key")
            Link("live.key", "none");

        if (fault is "junk")
            File.WriteAllText(_directory.File("archive2.pem"), "junk");

        _certificates.Refresh();
        _certificates.Refresh();
        Served(_first).Should().Be(_first.Thumbprint);
        string line = Said(LogLevel.Error).Should().ContainSingle().Subject;
        line.Should().Contain("live.pem").And.Contain("cannot be used").And.Contain("The one before is served on").And.NotContain("BEGIN");

        second.Write(_directory, "archive2");
        Link("live.pem", "archive2.pem");
        Link("live.key", "archive2.key");
        _certificates.Refresh();
        Served(_first).Should().Be(second.Thumbprint);
    }

    [Fact]
    public void F47_expiry_is_warned_of_from_14_days_before_and_an_error_when_it_has_come()
    {
        _first = TestCertificates.Make(days: 30);
        Open("archive1");
        Pass(TimeSpan.FromDays(15.9));
        Said(LogLevel.Warning).Should().BeEmpty();

        Pass(TimeSpan.FromDays(0.2));
        Pass(TimeSpan.FromDays(0.9));
        Said(LogLevel.Warning).Should().ContainSingle().Which.Should().Contain("live.pem").And.Contain("in 13 days");
        Pass(TimeSpan.FromDays(0.2));
        Said(LogLevel.Warning).Should().HaveCount(2, "it is repeated once a day");

        Said(LogLevel.Error).Should().BeEmpty();
        Pass(TimeSpan.FromDays(13));
        Said(LogLevel.Error).Should().ContainSingle().Which.Should().Contain("live.pem").And.Contain("expired at");
    }

    [Theory]
    [InlineData(-1, LogLevel.Error, "expired at")]
    [InlineData(13, LogLevel.Warning, "expires at")]
    public void F47_expiry_is_said_at_the_start(int days, LogLevel level, string said)
    {
        _first = TestCertificates.Make(days);
        Open("archive1");

        Said(level).Should().ContainSingle().Which.Should().Contain(said);
    }

    [Fact]
    public void F47_certificate_that_is_not_valid_yet_is_an_error()
    {
        _time.ShiftWallClock(TimeSpan.FromDays(-10));
        Open("archive1");

        Said(LogLevel.Error).Should().ContainSingle().Which.Should().Contain("is not valid before");
    }

    [Fact]
    public void F43_certificate_that_cannot_be_used_stops_the_start()
    {
        Action open = () => _certificates.Open([new CertificateFiles("Kestrel:Certificates:Default", _directory.File("none"), null, null)]);

        open.Should().Throw<SettingsException>().WithMessage("*none does not exist.");
    }

    private void Open(string name)
    {
        _first.Write(_directory, name);
        Link("live.pem", $"{name}.pem");
        Link("live.key", $"{name}.key");
        CertificateFiles files = new("Kestrel:Certificates:Default", _directory.File("live.pem"), _directory.File("live.key"), null);
        _certificates.Open([files]);
    }

    private void Link(string name, string target)
    {
        File.CreateSymbolicLink(_directory.File($"{name}.new"), target);
        File.Move(_directory.File($"{name}.new"), _directory.File(name), overwrite: true);
    }

    private void Pass(TimeSpan by)
    {
        _time.ShiftWallClock(by);
        _certificates.Refresh();
    }

    /// <summary>What a handshake gets when Kestrel holds this certificate.</summary>
    private string Served(X509Certificate2 held)
    {
        SslServerAuthenticationOptions handshake = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(held, null, offline: true),
        };
        _certificates.Choose(new DefaultConnectionContext(), handshake);
        return handshake.ServerCertificateContext.TargetCertificate.Thumbprint;
    }

    private string[] Said(LogLevel level) =>
        [.. _log.Collector.GetSnapshot().Where(entry => entry.Level == level).Select(entry => entry.Message)];
}
