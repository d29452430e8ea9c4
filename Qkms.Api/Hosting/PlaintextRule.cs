namespace Qkms.Api.Hosting;

/// <summary>API keys and plaintexts do not cross a network unencrypted unless the operator says so.</summary>
internal static class PlaintextRule
{
    /// <summary>Refuses addresses that serve HTTP without TLS to other machines.</summary>
    /// <param name="addresses">Those that are configured, or those that are bound.</param>
    /// <param name="allowPlaintext">Whether the operator says so.</param>
    /// <exception cref="SettingsException">An address is refused; the message says what to do.</exception>
    public static void Check(IEnumerable<ListenAddress> addresses, bool allowPlaintext)
    {
        if (!allowPlaintext && addresses.FirstOrDefault(address => !address.IsTls && !address.IsLocal) is { } exposed)
            throw new SettingsException(
                $"'{exposed.Text}' would serve HTTP without TLS beyond this machine. Configure TLS, listen on loopback behind a TLS proxy, "
                + "or set Qkms:Http:AllowPlaintext=true.");
    }
}
