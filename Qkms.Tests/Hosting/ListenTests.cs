using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Qkms.Tests.Certificates;

namespace Qkms.Tests.Hosting;

/// <summary>What the service listens on, and with which certificate, over real connections.</summary>
public sealed partial class ListenTests : IDisposable
{
    private const string Path = "Kestrel__Certificates__Default__Path";
    private const string KeyPath = "Kestrel__Certificates__Default__KeyPath";
    private const string Https = "https://127.0.0.1:0";

    private readonly TemporaryDirectory _directory = new();

    public ListenTests()
    {
        TestCertificates.Make().Write(_directory, "first");
        TestCertificates.Make().Write(_directory, "encrypted", "right");
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>F-43: each ended in an abort with a stack trace.</summary>
    [TheoryIf(Requirement.Sqlite)]
    [InlineData("'https://127.0.0.1:0' needs a TLS certificate: set Kestrel__Certificates__Default__Path", "ASPNETCORE_URLS", Https)]
    [LongInlineData("'https://*:0' needs a TLS certificate", "ASPNETCORE_HTTPS_PORTS", "0", "ASPNETCORE_URLS", null)]
    [InlineData("first.pem has no private key", "ASPNETCORE_URLS", Https, Path, "first.pem")]
    [LongInlineData("none.key does not exist", "ASPNETCORE_URLS", Https, Path, "first.pem", KeyPath, "none.key")]
    [InlineData("cannot listen on 192.0.2.9:8080: ", "ASPNETCORE_URLS", "http://192.0.2.9:8080", "Qkms__Http__AllowPlaintext", "true")]
    [LongInlineData("Logging:LogLevel:Default must be one of", "Logging__LogLevel__Default", "Loud")]
    public Task F43_start_that_fails_is_one_sentence(string sentence, params string?[] environment) =>
        ShouldFailInOneSentenceAsync(sentence, environment);

    [TheoryIf(Requirement.LongTestsOnSqlite)]
    [InlineData("encrypted.key does not belong to", "ASPNETCORE_URLS", Https, Path, "first.pem", KeyPath, "encrypted.key",
        "Kestrel__Certificates__Default__Password", "right")]
    [InlineData("encrypted.key is encrypted: set Kestrel:Certificates:Default:Password", "ASPNETCORE_URLS", Https, Path, "encrypted.pem",
        KeyPath, "encrypted.key")]
    [InlineData("none.pem does not exist", "Kestrel__Endpoints__Web__Url", Https,
        "Kestrel__Endpoints__Web__Sni__a__Certificate__Path", "none.pem")]
    [InlineData("cannot listen on /nowhere/qkms.sock: ", "ASPNETCORE_URLS", "http://unix:/nowhere/qkms.sock")]
    [InlineData("'http://127.0.0.1:99999' has a port", "ASPNETCORE_URLS", "http://127.0.0.1:99999")]
    [InlineData("Kestrel:Endpoints:Web:Protocols must be one of", "Kestrel__Endpoints__Web__Protocols", "Http9")]
    [InlineData("ClientCertificateMode must be one of", "Kestrel__EndpointDefaults__ClientCertificateMode", "Always")]
    [InlineData("cannot be used: ", "Qkms__DataDirectory", "first.pem")]
    public Task F43_so_is_each_of_the_others(string sentence, params string?[] environment) =>
        ShouldFailInOneSentenceAsync(sentence, environment);

    private async Task ShouldFailInOneSentenceAsync(string sentence, string?[] environment)
    {
        await ShouldBeOneSentenceAsync(sentence, environment.Chunk(2).ToDictionary(pair => pair[0]!, pair => InDirectory(pair[1])));

        string? InDirectory(string? value) =>
            value is not null && System.IO.Path.GetExtension(value) is ".pem" or ".key" ? _directory.File(value!) : value;
    }

    [FactIf(Requirement.Sqlite)]
    public async Task F43_address_in_use_is_one_sentence()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        foreach (string host in (string[])["127.0.0.1", "localhost"])
        {
            string address = $"http://{host}:{((IPEndPoint)other.LocalEndpoint).Port}";
            await ShouldBeOneSentenceAsync(
                $"127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}: address already in use.",
                new() { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:0;{address}" });
        }
    }

    /// <summary>F-24: where Kestrel really listens counts, whatever has told it to.</summary>
    [FactIf(Requirement.Sqlite)]
    public async Task F24_bound_address_is_asked_before_anything_is_served()
    {
        ListenOptions? bound = null;
        await using QkmsApplication app = new()
        {
            FurtherServices = services =>
                services.Configure<KestrelServerOptions>(options => options.ListenAnyIP(0, listen => bound = listen)),
        };
        app.UseKestrel();
        try
        {
            app.StartServer();
        }
        catch (ObjectDisposedException)
        {
            // The service stops itself as soon as it listens, at times before the factory has read its address.
        }

        using HttpClient client = new();
        Uri live = new($"http://127.0.0.1:{bound!.IPEndPoint!.Port}/health/live");
        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                using HttpResponseMessage response = await client.GetAsync(live);
                response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
                return false;
            }
            catch (HttpRequestException)
            {
                return true; // it has stopped
            }
        });
    }

    /// <summary>F-47: the certificates above it go along, and a renewal is served to new connections without a restart.</summary>
    [FactIf(Requirement.Sqlite)]
    public async Task F47_renewed_certificate_is_served_without_a_restart()
    {
        using X509Certificate2 root = TestCertificates.Make(isAuthority: true);
        using X509Certificate2 between = TestCertificates.Make(issuer: root, isAuthority: true);
        using X509Certificate2 first = TestCertificates.Make(issuer: between);
        Write(first);
        Dictionary<string, string?> environment = new()
        {
            ["ASPNETCORE_URLS"] = Https,
            [Path] = _directory.File("live.pem"),
            [KeyPath] = _directory.File("live.key"),
        };
        using ServiceProcess service = ServiceProcess.Launch(_directory.File("data"), environment);
        Match listens = Match.Empty;
        await Eventually.HoldsAsync(() => Task.FromResult((listens = Listens().Match(service.Output)).Success));
        int port = int.Parse(listens.Groups[1].Value, CultureInfo.InvariantCulture);
        (await ServedAsync()).Should().Be(first.Thumbprint);

        using X509Certificate2 second = TestCertificates.Make(issuer: between, isRsa: true);
        Write(second);
        await Eventually.HoldsAsync(async () => await ServedAsync() == second.Thumbprint);
        await service.SaysAsync("served from now on");
        service.Output.Should().NotContain("PRIVATE KEY");

        void Write(X509Certificate2 certificate)
        {
            File.WriteAllText(_directory.File("new.pem"), $"{certificate.ExportCertificatePem()}\n{between.ExportCertificatePem()}\n");
            File.WriteAllText(_directory.File("new.key"), certificate.KeyPem());
            File.Move(_directory.File("new.pem"), _directory.File("live.pem"), overwrite: true);
            File.Move(_directory.File("new.key"), _directory.File("live.key"), overwrite: true);
        }

        async Task<string> ServedAsync()
        {
            using TcpClient tcp = new();
            await tcp.ConnectAsync(IPAddress.Loopback, port);
            await using SslStream tls = new(tcp.GetStream());
            X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.Add(root);
            SslClientAuthenticationOptions options = new() { TargetHost = "127.0.0.1", CertificateChainPolicy = policy };
            await tls.AuthenticateAsClientAsync(options);
            return tls.RemoteCertificate!.GetCertHashString();
        }
    }

    private async Task ShouldBeOneSentenceAsync(string sentence, Dictionary<string, string?> environment) =>
        (await FailedStart.SentenceAsync(_directory.File("data"), environment)).Should().Contain(sentence);

    [GeneratedRegex("Now listening on: https://127.0.0.1:([0-9]+)")]
    private static partial Regex Listens();
}
