using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Qkms.Api.Hosting;

/// <summary>
/// What Kestrel reads of its section. It passes over mistyped names, and over values that it does not know: with a wrong
/// <c>ClientCertificateMode</c> it would ask for no certificates.
/// </summary>
internal static class KestrelSettings
{
    /// <summary>The section of the configuration that belongs to Kestrel.</summary>
    public const string Section = "Kestrel";

    private static readonly string[] _certificate = ["Path", "KeyPath", "Password", "Subject", "Store", "Location", "AllowInvalid"];
    private static readonly string[] _connection = ["Protocols", "SslProtocols", "SslProtocols:*", "ClientCertificateMode"];

    // A star stands for a name that the operator chose, or for the place in a list.
    private static readonly string[] _names =
    [
        .. _certificate.Select(name => $"Certificates:Default:{name}"),
        "Certificates:Development:Password",
        .. _connection.Select(name => $"EndpointDefaults:{name}"),
        "Endpoints:*:Url",
        .. _connection.Select(name => $"Endpoints:*:{name}"),
        .. _certificate.Select(name => $"Endpoints:*:Certificate:{name}"),
        .. _connection.Select(name => $"Endpoints:*:Sni:*:{name}"),
        .. _certificate.Select(name => $"Endpoints:*:Sni:*:Certificate:{name}"),
    ];

    /// <exception cref="SettingsException">Kestrel would pass over a name or a value; the message names it.</exception>
    public static void Check(IConfigurationSection kestrel)
    {
        foreach ((string name, string? value) in kestrel.AsEnumerable(makePathsRelative: true))
        {
            string[] parts = name.Split(':');
            bool isKnown = _names.Any(known => Matches(parts, known.Split(':')));
            bool isSection = string.IsNullOrEmpty(value)
                && _names.Any(known => Matches(parts, known.Split(':')[..^1], asBeginning: true));
            if (!isKnown && !isSection)
            {
                IEnumerable<string> all = _names.Select(known => Named(known, parts));
                string hint = NearestName.Hint($"{Section}:{name}", all, "docs/configuration.md has them.");
                throw new SettingsException($"{Section}:{name} is not a setting. {hint}");
            }

            if (isKnown && value is not null && Wrong(parts, value) is { } wanted)
                throw new SettingsException($"{Section}:{name} must be {wanted}.");
        }
    }

    // What it must be, or null when it is that.
    private static string? Wrong(string[] parts, string value)
    {
        string name = char.IsAsciiDigit(parts[^1][0]) ? parts[^2] : parts[^1];
        return name.ToUpperInvariant() switch
        {
            "PROTOCOLS" => OneOf<HttpProtocols>(value),
            "SSLPROTOCOLS" => value.Length == 0 ? null : OneOf<SslProtocols>(value),
            "CLIENTCERTIFICATEMODE" => OneOf<ClientCertificateMode>(value),
            "ALLOWINVALID" => bool.TryParse(value, out _) ? null : "true or false",
            _ => null,
        };
    }

    private static string? OneOf<T>(string value)
        where T : struct, Enum =>
        Enum.TryParse(value, ignoreCase: true, out T _) ? null : $"one of {string.Join(", ", Enum.GetNames<T>())}";

    private static bool Matches(string[] parts, string[] known, bool asBeginning = false) =>
        (asBeginning ? parts.Length <= known.Length : parts.Length == known.Length)
        && parts.Zip(known).All(pair => pair.Second == "*" || pair.First.Equals(pair.Second, StringComparison.OrdinalIgnoreCase));

    // With the operator's own names, which say nothing of the mistake.
    private static string Named(string known, string[] parts) =>
        $"{Section}:{string.Join(':', known.Split(':').Select((part, i) => part == "*" && i < parts.Length ? parts[i] : part))}";
}
