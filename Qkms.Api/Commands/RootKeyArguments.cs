using System.Globalization;
using Qkms.Core.AwsKms;
using Qkms.Core.Cryptography.Shamir;
using Qkms.Core.Pkcs11;

namespace Qkms.Api.Commands;

/// <summary>The arguments of <c>root-key</c>: what to do, with which root key, its own options, and settings of the service.</summary>
/// <param name="Verb">list, add, remove or rotate.</param>
/// <param name="Id">The root key that is meant; null where there is none.</param>
/// <param name="Options">The settings.</param>
internal sealed record RootKeyArguments(string Verb, string? Id, string[] Options)
{
    private const string Usage =
        "say 'list', 'add --file=<path> [--generate]', 'add --passphrase[-file=<path>]', 'add --shares=<n> --threshold=<k>', "
        + "'add --pkcs11=<uri>', 'add --aws-kms=<key>', 'remove <id>' or 'rotate --file=<path> [--generate]'";

    private const string File = "file";
    private const string PassphraseFile = "passphrase-file";
    private const string With = "with";
    private const string Unproved = "unproved";
    private const string Old = "old";
    private const string Generate = "generate";
    private const string Passphrase = "passphrase";
    private const string SharesOption = "shares";
    private const string ThresholdOption = "threshold";
    private const string WithShares = "with-shares";
    private const string Pkcs11 = "pkcs11";
    private const string AwsKms = "aws-kms";
    private const string Json = "json";

    private static readonly string[] _flags = [Generate, Passphrase, WithShares, Json];
    private static readonly string[] _repeated = [With, Unproved];

    private static readonly Dictionary<string, string[]> _known = new(StringComparer.Ordinal)
    {
        ["list"] = [With, WithShares, Json],
        ["add"] = [File, Generate, Passphrase, PassphraseFile, SharesOption, ThresholdOption, Pkcs11, AwsKms, WithShares, Json],
        ["remove"] = [With, WithShares, Unproved, Json],
        ["rotate"] =
        [
            File, Generate, Passphrase, PassphraseFile, SharesOption, ThresholdOption, Pkcs11, AwsKms,
            Old, With, WithShares, Unproved, Json,
        ],
    };

    private readonly Dictionary<string, List<string>> _given = new(StringComparer.Ordinal);

    /// <summary>The file of the new root key.</summary>
    public string? NewFile => Only(File);

    /// <summary>Whether that file is made.</summary>
    public bool Generates => _given.ContainsKey(Generate);

    /// <summary>Whether the new root key is made of a passphrase.</summary>
    public bool TakesPassphrase => _given.ContainsKey(Passphrase) || NewPassphraseFile is not null;

    /// <summary>The file of the new passphrase; null where it is asked for.</summary>
    public string? NewPassphraseFile => Only(PassphraseFile);

    /// <summary>Into how many shares the new root key is split, and how many of them give it; null where it is not.</summary>
    public (int Count, int Threshold)? Shares { get; private set; }

    /// <summary>The key in a token that encrypts the new root key; null where none does.</summary>
    public TokenKeyUri? TokenKey { get; private set; }

    /// <summary>The key of another KMS that encrypts the new root key; null where none does.</summary>
    public AwsKmsKeyName? OtherKmsKey { get; private set; }

    /// <summary>Whether shares are asked for, to open the installation with.</summary>
    public bool AsksForShares => _given.ContainsKey(WithShares);

    /// <summary>The root key that a rotation removes.</summary>
    public string? OldId => Only(Old);

    /// <summary>Files of root keys that are at hand besides.</summary>
    public IReadOnlyList<string> Presented => _given.GetValueOrDefault(With) ?? [];

    /// <summary>Root keys that may stay without being proved.</summary>
    public IReadOnlyList<string> MayStayUnproved => _given.GetValueOrDefault(Unproved) ?? [];

    /// <summary>Whether the result is JSON.</summary>
    public bool WantsJson => _given.ContainsKey(Json);

    /// <summary>Parts them.</summary>
    /// <exception cref="SettingsException">There is no such verb, or its options do not fit together.</exception>
    public static RootKeyArguments Split(string[] arguments)
    {
        if (arguments.Any(argument => argument is "--help" or "-h"))
            return new RootKeyArguments("list", Id: null, ["--help"]);

        if (arguments is not [var verb, .. var rest] || !_known.TryGetValue(verb, out string[]? known))
            throw new SettingsException($"{RootKeyCommand.Name}: {Usage}.");

        string? id = null;
        List<string> options = [];
        Dictionary<string, List<string>> own = new(StringComparer.Ordinal);
        for (int i = 0; i < rest.Length; i++)
        {
            string[] parts = rest[i].Split('=', 2);
            string? name = Array.Find(known, name => parts[0] == $"--{name}");
            if (name is null)
            {
                if (verb == "remove" && id is null && options.Count == 0 && !rest[i].StartsWith('-'))
                    id = rest[i];
                else
                    options.Add(rest[i]);

                continue;
            }

            bool isFlag = _flags.Contains(name);
            if (isFlag && parts.Length == 2)
                throw new SettingsException($"--{name} takes no value.");

            string value = parts.Length == 2 ? parts[1] : !isFlag && i + 1 < rest.Length ? rest[++i] : "";
            if (!isFlag && (string.IsNullOrWhiteSpace(value) || value.StartsWith("--", StringComparison.Ordinal)))
                throw new SettingsException($"--{name} needs a value: --{name}=….");

            if (own.TryGetValue(name, out List<string>? before) && !_repeated.Contains(name))
                throw new SettingsException($"--{name} was given twice.");

            (before ?? (own[name] = [])).Add(value);
        }

        RootKeyArguments given = new(verb, id, [.. options]);
        foreach ((string name, List<string> values) in own)
            given._given.Add(name, values);

        given.RefuseWhatDoesNotFit();
        return given;
    }

    private void RefuseWhatDoesNotFit()
    {
        Shares = ReadShares();
        TokenKey = ReadTokenKey();
        OtherKmsKey = ReadOtherKmsKey();
        int kinds = (NewFile is null ? 0 : 1) + (TakesPassphrase ? 1 : 0) + (Shares is null ? 0 : 1) + (TokenKey is null ? 0 : 1)
            + (OtherKmsKey is null ? 0 : 1);
        string? problem = Verb switch
        {
            "remove" when Id is null => "remove needs the id of a root key, as 'root-key list' shows it",
            "add" or "rotate" when kinds == 0 =>
                $"{Verb} needs --file=<path>, --passphrase, --shares=<n> --threshold=<k>, --pkcs11=<uri>, or --aws-kms=<key>",
            "add" or "rotate" when kinds > 1 =>
                "a root key is a file, a passphrase, shares, or sealed by a key in a token or in another KMS: give one of them",
            "add" or "rotate" when Generates && NewFile is null => "--generate needs --file=<path>, where it writes the root key",
            _ => null,
        };
        if (problem is not null)
            throw new SettingsException($"{RootKeyCommand.Name}: {problem}.");
    }

    private TokenKeyUri? ReadTokenKey()
    {
        try
        {
            return Only(Pkcs11) is { } uri ? TokenKeyUri.Parse(uri) : null;
        }
        catch (TokenException e)
        {
            throw new SettingsException($"{RootKeyCommand.Name}: --{Pkcs11}: {e.Message}");
        }
    }

    private AwsKmsKeyName? ReadOtherKmsKey()
    {
        try
        {
            return Only(AwsKms) is { } key ? AwsKmsKeyName.Parse(key) : null;
        }
        catch (AwsKmsException e)
        {
            throw new SettingsException($"{RootKeyCommand.Name}: --{AwsKms}: {e.Message}");
        }
    }

    private (int Count, int Threshold)? ReadShares()
    {
        if (Only(SharesOption) is null && Only(ThresholdOption) is null)
            return null;

        (int count, int threshold) = (Number(SharesOption), Number(ThresholdOption));
        return threshold <= count
            ? (count, threshold)
            : throw new SettingsException($"{RootKeyCommand.Name}: --{ThresholdOption} is more than the {count} shares that there are.");

        int Number(string name) =>
            int.TryParse(Only(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number is >= 2 and <= SecretSharing.MostShares
                ? number
                : throw new SettingsException(
                    $"{RootKeyCommand.Name}: --{name} must be a number from 2 to {SecretSharing.MostShares}: --{SharesOption}=5 "
                    + $"--{ThresholdOption}=3.");
    }

    private string? Only(string name) => _given.GetValueOrDefault(name)?[0];
}
