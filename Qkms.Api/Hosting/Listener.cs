using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Qkms.Api.Certificates;

namespace Qkms.Api.Hosting;

/// <summary>Where the service listens: addresses and certificates, checked before anything is made and again once bound.</summary>
internal static class Listener
{
    public static WebApplicationBuilder AddQkmsListener(this WebApplicationBuilder builder)
    {
        ConfigurationManager configuration = builder.Configuration;
        builder.WebHost.UseKestrelHttpsConfiguration();
        if (configuration["urls"] is null && configuration["http_ports"] is null && configuration["https_ports"] is null)
            builder.WebHost.UseUrls(HttpServices.DefaultUrl);

        builder.Services.AddSingleton<ServerCertificates>();
        builder.Services.AddHostedService<CertificateWatch>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(services =>
            new NamingListenerFactory(ActivatorUtilities.CreateInstance<SocketTransportFactory>(services)));
        builder.Services.AddOptions<KestrelServerOptions>().Configure<ServerCertificates>((options, certificates) =>
        {
            // Not again when a file changes: Kestrel would listen on a new address that nobody has checked.
            options.Configure(configuration.GetSection(KestrelSettings.Section), reloadOnChange: false);
            options.ConfigureHttpsDefaults(https => https.OnAuthenticate = certificates.Choose);
        });
        return builder;
    }

    /// <summary>Checks addresses and certificates, and makes nothing.</summary>
    /// <exception cref="SettingsException">The service could not listen, or may not; the message names the address or file.</exception>
    public static void Check(WebApplication app, bool allowPlaintext)
    {
        IReadOnlyList<ListenAddress> addresses = ListenAddress.In(app.Configuration);
        PlaintextRule.Check(addresses, allowPlaintext);
        if (!app.Environment.IsDevelopment())
            CheckTlsHasCertificate(app.Configuration);

        app.Services.GetRequiredService<ServerCertificates>()
            .Open(CertificateFiles.In(app.Configuration, app.Environment.ContentRootPath));
    }

    /// <summary>Starts to listen. Requests are let in by <see cref="StopGate"/> once this has returned.</summary>
    /// <exception cref="SettingsException">The service cannot listen, or may not; the message names the address.</exception>
    public static async Task StartAsync(WebApplication app, bool allowPlaintext, CancellationToken stopping)
    {
        try
        {
            await app.StartAsync(stopping);
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException or ArgumentException
            or UnauthorizedAccessException or NotSupportedException or CryptographicException)
        {
            throw new SettingsException(Explain(e, app.Configuration));
        }

        ICollection<string> bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        PlaintextRule.Check(bound.Select(ListenAddress.Parse), allowPlaintext);
    }

    private static void CheckTlsHasCertificate(IConfiguration configuration)
    {
        if (IsGiven(configuration.GetSection("Kestrel:Certificates:Default")))
            return;

        string[] own =
        [
            .. ListenAddress.Endpoints(configuration)
                .Where(endpoint => IsGiven(endpoint.GetSection("Certificate")) || endpoint.GetSection("Sni").Exists())
                .Select(endpoint => endpoint["Url"]!),
        ];
        if (ListenAddress.In(configuration).FirstOrDefault(address => address.IsTls && !own.Contains(address.Text)) is { } bare)
            throw new SettingsException(
                $"'{bare.Text}' needs a TLS certificate: set Kestrel__Certificates__Default__Path and "
                + "Kestrel__Certificates__Default__KeyPath.");

        static bool IsGiven(IConfigurationSection certificate) =>
            !string.IsNullOrEmpty(certificate["Path"]) || !string.IsNullOrEmpty(certificate["Subject"]);
    }

    // Of both loopback addresses of localhost Kestrel reports the failures together.
    private static string Explain(Exception failure, IConfiguration configuration)
    {
        Exception cause = failure is { InnerException: AggregateException { InnerExceptions: [{ } first, ..] } } ? first : failure;
        if (cause is CannotListenException or IOException)
            return cause.Message;

        string addresses = string.Join(", ", ListenAddress.In(configuration).Select(address => address.Text));
        return $"Qkms cannot listen on {addresses}: {cause.Message.Split('\n')[0].TrimEnd()}";
    }

    /// <summary>Makes sockets as Kestrel does, and says of which address a failure is.</summary>
    private sealed class NamingListenerFactory(SocketTransportFactory sockets)
        : IConnectionListenerFactory, IConnectionListenerFactorySelector
    {
        public bool CanBind(EndPoint endpoint) => sockets.CanBind(endpoint);

        public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            try
            {
                return await sockets.BindAsync(endpoint, cancellationToken);
            }
            catch (SocketException e)
            {
                string hint = e.SocketErrorCode == SocketError.AccessDenied && endpoint is IPEndPoint
                    ? " Ports below 1024 need a right: listen on a higher one behind a proxy, or give the service CAP_NET_BIND_SERVICE."
                    : "";
                throw new CannotListenException($"Qkms cannot listen on {endpoint}: {e.Message}.{hint}", e);
            }
        }
    }

    private sealed class CannotListenException(string message, Exception cause) : InvalidOperationException(message, cause);
}
