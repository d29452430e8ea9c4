using Qkms.Core.AwsKms;
using Qkms.Core.Pkcs11;

namespace Qkms.Core.Keyrings;

/// <summary>Finds the root key: a named file, systemd's credential, the environment, else <c>root.key</c> in the data directory.</summary>
/// <param name="environment">What the environment says.</param>
/// <param name="dataDirectory">The data directory.</param>
/// <param name="time">The clock by which requests to another KMS are signed; null for the system's.</param>
internal sealed class RootKeyLocator(RootKeyEnvironment environment, string dataDirectory, TimeProvider? time = null)
{
    /// <summary>The name of systemd's credential.</summary>
    public const string CredentialName = "qkms-root-key";

    /// <summary>The name of systemd's credential with a passphrase.</summary>
    public const string PassphraseCredentialName = "qkms-passphrase";

    /// <summary>The name of systemd's credential with the PIN of a token.</summary>
    public const string PinCredentialName = "qkms-pkcs11-pin";

    /// <summary>The name of systemd's credential with the access key for another KMS.</summary>
    public const string AwsKmsCredentialName = "qkms-aws-kms";

    /// <summary>The name of the file in the data directory.</summary>
    public const string FileName = "root.key";

    private const string AccessKey = "access key";

    private readonly string _dataDirectory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataDirectory));

    /// <summary>The file in the data directory, there or not.</summary>
    public string DefaultPath => Path.Combine(_dataDirectory, FileName);

    /// <summary>
    /// The root key, to be disposed of by the caller; null when no source is set and there is no file in the data directory.
    /// </summary>
    /// <exception cref="RootKeyException">A source is set and cannot be used, or two are.</exception>
    public RootKey? Find() => FromNamedFile() ?? FromCredential() ?? FromEnvironment() ?? FromDataDirectory();

    /// <summary>The passphrase that the environment names, to be disposed of by the caller; null when it names none.</summary>
    /// <exception cref="RootKeyException">It names one that cannot be used.</exception>
    public Passphrase? FindPassphrase()
    {
        if (environment.PassphraseFile is { } named)
        {
            if (named.Length == 0)
                throw new RootKeyException($"{RootKeyEnvironment.PassphraseVariable} names no file: unset it, or name one.");

            string source = $"{RootKeyEnvironment.PassphraseVariable} ({Path.GetFullPath(named)})";
            return ReadPassphrase(named, source) ?? throw new RootKeyException($"The passphrase from {source} does not exist.");
        }

        return string.IsNullOrEmpty(environment.CredentialsDirectory)
            ? null
            : ReadPassphrase(
                Path.Combine(environment.CredentialsDirectory, PassphraseCredentialName),
                $"systemd's credential {PassphraseCredentialName}");
    }

    /// <summary>The key in a token that the environment names; null when it names none. Nothing is asked of the token here.</summary>
    /// <exception cref="RootKeyException">What it names is no such key, or it names no module.</exception>
    public RootKeyToken? FindToken()
    {
        if (environment.TokenUri is not { } text)
            return null;

        try
        {
            return TokenOf(TokenKeyUri.Parse(text));
        }
        catch (TokenException e)
        {
            throw new RootKeyException($"{TokenVariables.Uri}: {e.Message}");
        }
    }

    /// <summary>A key in a token of the module that the environment names.</summary>
    /// <param name="uri">The token and the key.</param>
    /// <exception cref="RootKeyException">The environment names no module.</exception>
    public RootKeyToken TokenOf(TokenKeyUri uri) => new(
        environment.TokenModule
            ?? throw new RootKeyException($"A key in a token needs {TokenVariables.Module}: the absolute path of the PKCS #11 module."),
        uri,
        ReadPin);

    /// <summary>The key in another KMS that the environment names; null when it names none. The other KMS is not asked here.</summary>
    /// <exception cref="RootKeyException">What it names is no key, or what it takes besides is missing.</exception>
    public RootKeyOtherKms? FindOtherKms()
    {
        if (environment.AwsKms.Key is not { } text)
            return null;

        try
        {
            return OtherKmsOf(AwsKmsKeyName.Parse(text));
        }
        catch (AwsKmsException e)
        {
            throw new RootKeyException($"{AwsKmsEnvironment.KeyVariable}: {e.Message}");
        }
    }

    /// <summary>A key in the other KMS that the environment names.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="RootKeyException">What the environment says of the other KMS cannot be used.</exception>
    public RootKeyOtherKms OtherKmsOf(AwsKmsKeyName key)
    {
        try
        {
            return new RootKeyOtherKms(AwsKmsEndpoint.Of(environment.AwsKms), key, ReadAccessKey, time ?? TimeProvider.System);
        }
        catch (AwsKmsException e)
        {
            throw new RootKeyException(e.Message);
        }
    }

    /// <summary>The passphrase in a file, to be disposed of by the caller; null when the file is not there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">How it is named.</param>
    /// <exception cref="RootKeyException">It cannot be used.</exception>
    public static Passphrase? ReadPassphrase(string path, string source)
    {
        using SecretBytes? text = ReadPrivate(path, source, Passphrase.MaxLength + 2);
        return text is null ? null : Passphrase.Read(text.Span, source);
    }

    /// <summary>The root key in a file, to be disposed of by the caller; null when the file is not there.</summary>
    /// <exception cref="RootKeyException">It cannot be used.</exception>
    public static RootKey? Read(string path) => TryRead(Path.GetFullPath(path), Path.GetFullPath(path));

    /// <summary>Makes a root key in the data directory, on disk when the call returns.</summary>
    /// <exception cref="RootKeyException">There is one already, or it cannot be written.</exception>
    public RootKey Create() => Create(DefaultPath, $"Let the user of this process write there, or name a root key in "
        + $"{RootKeyEnvironment.FileVariable}.");

    /// <summary>Makes a root key in a file that is not there yet, on disk when the call returns.</summary>
    /// <param name="path">The file.</param>
    /// <param name="repair">What to do where that cannot be.</param>
    /// <exception cref="RootKeyException">There is one already, or it cannot be written.</exception>
    public static RootKey Create(string path, string repair)
    {
        SecretBytes key = SecretBytes.Random(RootKey.Size);
        try
        {
            using SecretBytes text = RootKeyText.Encode(key);
            PrivateFile.Create(path, text.Span);
            return new RootKey(key, path, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            throw new RootKeyException($"Qkms could not make a root key at {path}: {e.Message} {repair}");
        }
    }

    /// <summary>Whether <paramref name="rootKey"/> lies in the data directory, where a copy of the directory takes it along.</summary>
    internal bool IsBesideData(RootKey rootKey) =>
        rootKey.Path?.StartsWith(_dataDirectory + Path.DirectorySeparatorChar, StringComparison.Ordinal) == true;

    /// <summary>
    /// Zeroes what the environment gave: once the master key is open, the root key has done its work. The locator finds nothing after that.
    /// </summary>
    internal void Forget() => environment.Dispose();

    private static RootKey? TryRead(string path, string source)
    {
        using SecretBytes? text = ReadPrivate(path, source, RootKeyText.MaxLength);
        return text is null ? null : new RootKey(RootKeyText.Decode(text.Span, source), source, path);
    }

    private SecretBytes ReadPin()
    {
        (SecretBytes text, string source) = ReadNamed(
            environment.TokenPinFile, TokenVariables.Pin, PinCredentialName, TokenPin.MaxLength + 2, "PIN", "for the token");
        using SecretBytes whole = text;
        ReadOnlySpan<byte> pin = text.Span;
        pin = pin[..^(pin.EndsWith("\r\n"u8) ? 2 : pin.EndsWith("\n"u8) ? 1 : 0)];
        return pin.Length is 0 or > TokenPin.MaxLength || pin.ContainsAny("\r\n\0"u8)
            ? throw RootKeyException.Unusable(
                source, $"is not one line of 1 to {TokenPin.MaxLength} bytes", "Put the PIN there, and nothing else.", "PIN")
            : SecretBytes.CopyOf(pin);
    }

    private AwsAccessKey ReadAccessKey()
    {
        (SecretBytes text, string source) = ReadNamed(
            environment.AwsKms.CredentialsFile,
            AwsKmsEnvironment.CredentialsVariable,
            AwsKmsCredentialName,
            AwsAccessKey.MaxFileLength,
            AccessKey,
            "for the other KMS");
        using SecretBytes whole = text;
        try
        {
            return AwsAccessKey.Parse(text.Span);
        }
        catch (AwsKmsException e)
        {
            throw RootKeyException.Unusable(
                source, e.Message, "Write aws_access_key_id=… and aws_secret_access_key=… there, each on a line.", AccessKey);
        }
    }

    // What a file of a variable holds, else a credential of systemd; it ends with the caller.
    private (SecretBytes Text, string Source) ReadNamed(
        string? named, string variable, string credentialName, int maxLength, string what, string whatFor)
    {
        if (named is { Length: 0 })
            throw new RootKeyException($"{variable} names no file: unset it, or name one.");

        string? credentials = environment.CredentialsDirectory;
        string path = named ?? (string.IsNullOrEmpty(credentials) ? "" : Path.Combine(credentials, credentialName));
        string source = named is null ? $"systemd's credential {credentialName}" : $"{variable} ({Path.GetFullPath(named)})";
        SecretBytes? text = path.Length == 0 ? null : ReadPrivate(path, source, maxLength, what);
        return text is not null
            ? (text, source)
            : throw new RootKeyException(
                named is null
                    ? $"There is no {what} {whatFor}: neither {variable} nor systemd's credential {credentialName} is set."
                    : $"The {what} from {source} does not exist.");
    }

    private static SecretBytes? ReadPrivate(string path, string source, int maxLength, string what = RootKeyException.RootKey)
    {
        try
        {
            return PrivateFile.TryRead(path, maxLength);
        }
        catch (PrivateFileException e)
        {
            throw RootKeyException.Unusable(source, e.Problem, e.Repair, what);
        }
        catch (UntrustedPathException e)
        {
            throw RootKeyException.Unusable(source, "is where others can exchange it", e.Message, what);
        }
    }

    // A second root key would be passed over in silence, and which one is meant would show only after a mix-up.
    private static RootKeyException TwoSources(string source) =>
        new($"There are two root keys: {source} and {RootKeyEnvironment.ValueVariable} are both set. Unset one of them.");

    private RootKey? FromNamedFile()
    {
        if (environment.KeyFile is not { } named)
            return null;

        if (named.Length == 0)
            throw RootKeyException.Unusable(RootKeyEnvironment.FileVariable, "names no file", "Unset the variable or name a file.");

        if (environment.Value is not null)
            throw TwoSources(RootKeyEnvironment.FileVariable);

        string path = Path.GetFullPath(named);
        string source = $"{RootKeyEnvironment.FileVariable} ({path})";
        return TryRead(path, source)
            ?? throw RootKeyException.Unusable(source, "does not exist", "Put the file there or name the right one.");
    }

    private RootKey? FromCredential()
    {
        if (string.IsNullOrEmpty(environment.CredentialsDirectory))
            return null;

        string path = Path.GetFullPath(Path.Combine(environment.CredentialsDirectory, CredentialName));
        string source = $"systemd's credential {CredentialName} ({path})";
        RootKey? found = TryRead(path, source);
        if (found is null || environment.Value is null)
            return found;

        found.Dispose();
        throw TwoSources(source);
    }

    private RootKey? FromEnvironment() => environment.Value is { } text
        ? new RootKey(RootKeyText.Decode(text.Span, RootKeyEnvironment.ValueVariable), RootKeyEnvironment.ValueVariable)
        : null;

    private RootKey? FromDataDirectory()
    {
        TrustedPath.CheckFolder(_dataDirectory);
        return TryRead(DefaultPath, DefaultPath);
    }
}

/// <summary>
/// The service cannot start with the root key that it was given, or was given none. The message says which source, what is wrong and how to
/// repair it; never the key.
/// </summary>
internal sealed class RootKeyException : Exception
{
    internal const string RootKey = "root key";

    /// <summary>A reason that a person can act on.</summary>
    public RootKeyException(string message)
        : base(message)
    {
    }

    internal static RootKeyException Unusable(string source, string problem, string repair, string what = RootKey) =>
        new($"The {what} from {source} cannot be used: it {problem}. {repair}");
}
