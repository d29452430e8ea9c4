using System.Text;
using Qkms.Api.Hosting;

namespace Qkms.Api.Commands;

/// <summary>
/// The arguments of the service: <c>--help</c>, <c>--version</c>, and settings as <c>--name=value</c> or <c>--name value</c>, which the
/// configuration reads. The configuration passes over what it does not understand; here it is refused.
/// </summary>
/// <remarks>
/// Not System.CommandLine: that takes the colon in <c>--Qkms:DataDirectory=x</c> for its own separator, tells case apart where the
/// configuration does not, and repeats the values of what it refuses, which may be secrets.
/// </remarks>
internal static class CommandLine
{
    private const string Help = "--help";
    private const string Version = "--version";

    // Of the host: where to listen, how to log. The last two come from those who host the service in their own process.
    private static readonly string[] _hostNames = ["urls", "http_ports", "https_ports", "environment", "contentRoot", "applicationName"];
    private static readonly string[] _sections = [Setting.Section, KestrelSettings.Section, "Logging"];

    /// <summary>The text that <c>--help</c> or <c>--version</c> asks for; null when the service is to start.</summary>
    /// <exception cref="SettingsException">An argument is unknown or has no value. The message has its name, never a value.</exception>
    public static string? Answer(string[] arguments)
    {
        if (arguments.Any(argument => argument is Help or "-h"))
            return HelpText();

        if (arguments.Contains(Version))
            return VersionText();

        for (int i = 0; i < arguments.Length; i++)
        {
            (string name, bool hasValue) = Split(arguments[i]);
            if (!IsKnown(name) && !IsEmptySection(arguments[i]))
                throw new SettingsException($"'{name}' is not an option. {NearestName.Hint(name, Known(), $"{Help} lists them.")}");

            if (hasValue)
                continue;

            i++;
            if (i == arguments.Length || arguments[i].StartsWith("--", StringComparison.Ordinal))
                throw new SettingsException($"{name} needs a value: {name}=value.");
        }

        return null;
    }

    private static (string Name, bool HasValue) Split(string argument)
    {
        int end = argument.IndexOf('=', StringComparison.Ordinal);
        return end < 0 ? (argument, false) : (argument[..end], true);
    }

    private static bool IsKnown(string name)
    {
        if (!name.StartsWith("--", StringComparison.Ordinal))
            return false;

        string key = name[2..];
        return _hostNames.Contains(key, StringComparer.OrdinalIgnoreCase)
            || _sections.Any(section => key.StartsWith($"{section}:", StringComparison.OrdinalIgnoreCase))
            || key.StartsWith("OTEL_", StringComparison.Ordinal);
    }

    // Whoever hosts the service in their own process passes each section of their configuration too, without a value.
    private static bool IsEmptySection(string argument) =>
        _sections.Any(section => argument.Equals($"--{section}=", StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> Known() =>
        [Help, Version, .. _hostNames.Select(name => $"--{name}"), .. SettingCatalogue.All.Select(setting => $"--{setting.Key}")];

    /// <summary>The release: 0.1.0.</summary>
    public static string Release { get; } = typeof(CommandLine).Assembly.GetName().Version!.ToString(fieldCount: 3);

    private static string VersionText() => $"Qkms {Release}\n";

    private static string HelpText()
    {
        StringBuilder text = new(VersionText());
        text.Append($"""
            A self-hosted key management service. Without options it starts, in the current directory.

            Usage: Qkms.Api [<command>] [--name=value]...

              {VerifyCommand.Name}                     Check the journal and every key of the database that the settings name, and change
                                         nothing. Status 0: everything holds; 1: something does not; 2: it could not be checked.
                --backup=<file>          The same for a backup, in place of the database.

              {BackupCommand.Name} <file>              Save the installation that the settings name in a new file; the service may run.
                                         What is secret in it opens with the root key only. Status 0: done; 2: there is no file.
                --json                   Print the result as JSON.

              {RestoreCommand.Name} <file>             Write a backup into the database that the settings name. The root key must open it;
                                         no service may run on that database. Status 0: done; 2: nothing was changed.
                --replace                Do so where there is an installation: all of that is lost.
                --drill                  Restore into a temporary folder in its place, check everything, use some of the keys,
                                         and delete it. Status 0: everything holds; 1: something does not; 2: it cannot be restored.
                --sample=<number>        How many private keys a drill uses. Default: 20.
                --json                   Print the result as JSON.

              {RootKeyCommand.Name} list              List the root keys that open the installation, and which of them are at hand.
              {RootKeyCommand.Name} add               Have another one open it: --file=<path>, made with --generate; or --passphrase, asked
                                         for or read with --passphrase-file=<path>; or --shares=<n> --threshold=<k>: split, so
                                         that any k of n shares, which are printed once, open it; or --pkcs11=<uri>:
                                         encrypted by a key in a token, which does not leave it; or
                                         --aws-kms=<key>: encrypted by a key of another KMS.
              {RootKeyCommand.Name} remove <id>       Take one its power, when the others were proved to open: --with=<path> presents one
                                         that the environment does not name, --with-shares asks for shares,
                                         --unproved=<id> does without.
              {RootKeyCommand.Name} rotate            Add one, then remove the old one: as add, with --old=<id> where there are several.
                --json                   Print the result as JSON.
                                         The service may run. Status 0: done; 2: it could not be done.

              {UnsealCommand.Name}                     Give a share of the root key to the service of the data directory, which
                                         waits sealed. A terminal is asked for it, otherwise each line of standard
                                         input is one.
                                         Status 0: it was taken; 2: it was not.

              {DoctorCommand.Name}                     Look at what stops a service in the end: root key, files, schema, clock, disk,
                                         backup, certificates, API keys, jobs. It changes nothing; the service may run.
                                         Status 0: all is fine; 1: there are warnings; 2: something does not work, or could
                                         not be looked at.
                --json                   Print the result as JSON.

              {ApiKeyCommand.Name} list               List the API keys of the database that the settings name, without their secrets.
              {ApiKeyCommand.Name} create             Make one, and print it: --label=<text> --roles=<role,...> [--tenant=<name or id>]
              {ApiKeyCommand.Name} revoke             Revoke one: --id=<api_key_id or lookup_id>.
                                         With SQLite, stop the service before these three. Status 0: done; 2: it could not be done.

              {TenantKeyCommand.Name} rotate          Make a new key for a tenant, wrap what the old one wraps anew, and destroy that one:
                                         --tenant=<name or id> or --all. What was cut off goes on when it is run again.
                                         With SQLite, stop the service before. Status 0: done; 1: something does not open,
                                         and stays under its old key; 2: it could not be done, or not finished.
                --older-than=<days>      Make no new key where the newest one is younger.
                --json                   Print the result as JSON.

              {KeyringCommand.Name} rotate             Add a key for new work: --kind=row-seal, journal, api-key-hash, credential-secret
                                         or cursor. Those before it stay, for what was done with them. With SQLite, stop
                                         the service before. Status 0: done; 2: it could not be done.
                --json                   Print the result as JSON.

              {Help}, -h                 Show this text.
              {Version}                  Show the version.
              --urls=<addresses>         Addresses to listen on, separated by ';'. Default: {HttpServices.DefaultUrl}
              --environment=<name>       Production (default) or Development.

            Settings, with their defaults:

            """);
        foreach (Setting setting in SettingCatalogue.All)
            text.Append($"  --{setting.Key}=<{setting.Type}>{(setting.Default is { } value ? $"  {value}" : "")}\n");

        return text.Append("\nThe settings can also be environment variables: Qkms__DataDirectory. docs/configuration.md explains them.\n")
            .ToString();
    }
}
