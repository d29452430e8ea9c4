using System.Net;

namespace Qkms.Api.Hosting;

/// <summary>API keys and plaintexts do not cross a network unencrypted unless the operator says so.</summary>
internal static class PlaintextRule
{
    /// <summary>Refuses malformed addresses, and those that would serve HTTP without TLS to other machines.</summary>
    /// <exception cref="SettingsException">An address is refused; the message says what to do.</exception>
    public static void Check(IConfiguration configuration, bool allowPlaintext)
    {
        string? malformed = Addresses(configuration).FirstOrDefault(address => !IsAddress(address));
        if (malformed is not null)
            throw new SettingsException($"'{malformed}' is not an address to listen on. Example: http://127.0.0.1:8080.");

        string? exposed = Addresses(configuration).FirstOrDefault(IsExposed);
        if (exposed is not null && !allowPlaintext)
            throw new SettingsException(
                $"'{exposed}' would serve HTTP without TLS beyond this machine. Configure TLS, listen on loopback behind a TLS proxy, or "
                + "set Qkms:Http:AllowPlaintext=true.");
    }

    /// <summary>Every address that the configuration names.</summary>
    internal static IEnumerable<string> Addresses(IConfiguration configuration) =>
    [
        .. Split(configuration["urls"]),
        .. Split(configuration["http_ports"]).Select(port => $"http://*:{port}"),
        .. configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>(),
    ];

    private static bool IsAddress(string address)
    {
        try
        {
            BindingAddress.Parse(address);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsExposed(string address)
    {
        if (!address.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            return false;

        string host = address["http://".Length..].Split('/')[0];
        if (host.StartsWith("unix:", StringComparison.OrdinalIgnoreCase))
            return false;

        host = host.StartsWith('[') ? host[1..Math.Max(1, host.IndexOf(']', StringComparison.Ordinal))] : host.Split(':')[0];
        return !host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            && !(IPAddress.TryParse(host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
    }

    private static string[] Split(string? list) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
