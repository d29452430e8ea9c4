using System.Text.RegularExpressions;
using Qkms.Core.AwsKms;
using Qkms.Core.Keyrings;
using Qkms.Core.Pkcs11;

namespace Qkms.Api.Hosting;

/// <summary>
/// Refuses what looks like a setting of Qkms in the environment and is none. Passed over in silence, a mistyped
/// <c>QKMS_ROOT_KEY_FILE</c> would start a new installation with a root key of its own.
/// </summary>
internal static partial class EnvironmentRule
{
    private const string Prefix = "Qkms";
    private const string Elsewhere = "docs/configuration.md lists what Qkms reads.";

    // Not read by the service, but exported in the shell that starts it: by the README for its clients, and by whoever tests Qkms.
    private static readonly string[] _ofOtherPrograms =
    [
        "QKMS_URL", "QKMS_API_KEY", "QKMS_LONG_TESTS", "QKMS_MANY_RUNS", "QKMS_KILLS", "QKMS_VECTORS", "QKMS_CHROMIUM",
        "QKMS_CONFIGURATION",
    ];

    // Of the root key, which is no setting: configuration would keep it in strings.
    private static readonly string[] _ofRootKey =
    [
        RootKeyEnvironment.FileVariable, RootKeyEnvironment.ValueVariable, RootKeyEnvironment.PassphraseVariable,
        TokenVariables.Module, TokenVariables.Uri, TokenVariables.Pin,
        .. AwsKmsEnvironment.Variables,
    ];

    private static readonly string[] _credentials =
    [
        RootKeyLocator.CredentialName, RootKeyLocator.PassphraseCredentialName, RootKeyLocator.PinCredentialName,
        RootKeyLocator.AwsKmsCredentialName,
    ];

    private static readonly string[] _prefixesOfTests = ["QKMS_TEST_", "QKMS_WRITE_", "QKMS_FUZZ_"];

    /// <summary>Checks the names of variables and of systemd's credentials; never their values.</summary>
    /// <exception cref="SettingsException">One is not known; the message names it, and the nearest that is.</exception>
    public static void Check(IReadOnlyDictionary<string, string> variables, string? credentialsDirectory)
    {
        foreach ((string name, string value) in variables)
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !IsKnown(name, value))
                throw new SettingsException(
                    $"The environment variable {name} is not one that Qkms reads. {NearestName.Hint(name, Known(), Elsewhere)}");
        }

        if (string.IsNullOrEmpty(credentialsDirectory) || !Directory.Exists(credentialsDirectory))
            return;

        foreach (string name in Directory.EnumerateFiles(credentialsDirectory).Select(path => Path.GetFileName(path)))
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !_credentials.Contains(name))
                throw new SettingsException(
                    $"The systemd credential {name} is not one that Qkms reads. A passphrase is "
                    + $"{RootKeyLocator.PassphraseCredentialName}, the PIN of a token is {RootKeyLocator.PinCredentialName}, the access "
                    + $"key for another KMS is {RootKeyLocator.AwsKmsCredentialName}, the root key is {RootKeyLocator.CredentialName}.");
        }
    }

    /// <summary>The variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> VariablesOfProcess() =>
        Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");

    private static bool IsKnown(string name, string value) =>
        _ofRootKey.Contains(name)
        || IsSetting(name)
        || _ofOtherPrograms.Contains(name)
        || _prefixesOfTests.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
        || (ServiceLink().IsMatch(name) && ServiceLinkValue().IsMatch(value));

    // In the form Qkms__A__B or Qkms:A:B the configuration has it, and is asked.
    private static bool IsSetting(string name) =>
        name.Length > Prefix.Length
        && (name[Prefix.Length] == ':' || name.AsSpan(Prefix.Length).StartsWith("__", StringComparison.Ordinal));

    private static IEnumerable<string> Known() =>
        [.. _ofRootKey, .. SettingCatalogue.All.Select(setting => setting.Variable)];

    // Kubernetes gives each pod such variables for every service of its namespace: a service is likely to be named qkms.
    [GeneratedRegex("^QKMS[A-Z0-9_]*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$")]
    private static partial Regex ServiceLink();

    [GeneratedRegex("^((tcp|udp|sctp)://[0-9a-fA-F.:\\[\\]]+|tcp|udp|sctp|[0-9a-fA-F.:]+)$")]
    private static partial Regex ServiceLinkValue();
}
