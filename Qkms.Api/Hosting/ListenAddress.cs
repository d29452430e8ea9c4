using System.Globalization;
using System.Net;

namespace Qkms.Api.Hosting;

/// <summary>An address to listen on, as Kestrel understands it.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="IsTls">Whether connections are encrypted.</param>
/// <param name="IsLocal">Whether only this machine can connect: loopback, or a Unix socket.</param>
internal sealed record ListenAddress(string Text, bool IsTls, bool IsLocal)
{
    private const string Example = "Example: http://127.0.0.1:8080.";

    /// <summary>Reads an address, strictly: what Kestrel does not understand as an address it takes for all addresses.</summary>
    /// <exception cref="SettingsException">It is no address; the message says why.</exception>
    public static ListenAddress Parse(string text)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(text);
        }
        catch (FormatException)
        {
            throw new SettingsException($"'{text}' is not an address to listen on. {Example}");
        }

        bool isTls = address.Scheme.Equals(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);
        if (!isTls && !address.Scheme.Equals(Uri.UriSchemeHttp, StringComparison.OrdinalIgnoreCase))
            throw new SettingsException($"'{text}' begins with neither http:// nor https://. {Example}");

        if (address.IsUnixPipe || address.IsNamedPipe)
            return new ListenAddress(text, isTls, IsLocal: true);

        if (address.PathBase.Length > 0)
            throw new SettingsException($"'{text}' has a path, which an address to listen on cannot have. {Example}");

        if (address.Port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
            throw new SettingsException($"'{text}' has a port that is not 0 to 65535.");

        bool isLocalhost = address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
        if (isLocalhost && address.Port == 0)
            throw new SettingsException($"'{text}' asks for any port of localhost: write 127.0.0.1 or [::1].");

        bool isIp = IPAddress.TryParse(address.Host, out IPAddress? ip);
        if (!isIp && !isLocalhost && address.Host is not ("*" or "+"))
            throw new SettingsException(
                $"'{text}' is not an address to listen on: write an IP address, localhost, or * for all. {Example}");

        return new ListenAddress(text, isTls, isLocalhost || (isIp && IPAddress.IsLoopback(ip!)));
    }

    /// <summary>Every address that the configuration names.</summary>
    /// <exception cref="SettingsException">One of them is no address.</exception>
    public static IReadOnlyList<ListenAddress> In(IConfiguration configuration) =>
    [
        .. Split(configuration["urls"]).Select(Parse),
        .. Split(configuration["http_ports"]).Select(port => OfPort("http", port)),
        .. Split(configuration["https_ports"]).Select(port => OfPort("https", port)),
        .. Endpoints(configuration).Select(endpoint => Parse(endpoint["Url"]!)),
    ];

    /// <summary>The endpoints of Kestrel's section, each with its address.</summary>
    /// <exception cref="SettingsException">One has no address.</exception>
    public static IEnumerable<IConfigurationSection> Endpoints(IConfiguration configuration) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint =>
            string.IsNullOrEmpty(endpoint["Url"])
                ? throw new SettingsException($"{endpoint.Path}:Url must be set: the address to listen on.")
                : endpoint);

    private static ListenAddress OfPort(string scheme, string port) =>
        ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
            ? Parse($"{scheme}://*:{number}")
            : throw new SettingsException($"{scheme}_ports must be ports from 0 to 65535, separated by ';'.");

    private static string[] Split(string? list) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
