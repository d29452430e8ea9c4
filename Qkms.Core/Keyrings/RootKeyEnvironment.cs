using Qkms.Core.AwsKms;
using Qkms.Core.Pkcs11;

namespace Qkms.Core.Keyrings;

/// <summary>What the process environment says about the root key, taken before anything else reads the environment.</summary>
internal sealed class RootKeyEnvironment : IDisposable
{
    /// <summary>The variable that names the file of the root key.</summary>
    public const string FileVariable = "QKMS_ROOT_KEY_FILE";

    /// <summary>The variable that holds the root key itself.</summary>
    public const string ValueVariable = "QKMS_ROOT_KEY";

    /// <summary>The variable that names the file of a passphrase.</summary>
    public const string PassphraseVariable = "QKMS_PASSPHRASE_FILE";

    private const string CredentialsVariable = "CREDENTIALS_DIRECTORY";

    internal RootKeyEnvironment(
        string? keyFile = null,
        string? credentialsDirectory = null,
        SecretBytes? value = null,
        string? passphraseFile = null,
        string? tokenModule = null,
        string? tokenUri = null,
        string? tokenPinFile = null,
        AwsKmsEnvironment? awsKms = null)
    {
        (KeyFile, CredentialsDirectory, Value, PassphraseFile) = (keyFile, credentialsDirectory, value, passphraseFile);
        (TokenModule, TokenUri, TokenPinFile) = (tokenModule, tokenUri, tokenPinFile);
        AwsKms = awsKms ?? new AwsKmsEnvironment();
    }

    /// <summary>The file that <see cref="FileVariable"/> names, or null.</summary>
    internal string? KeyFile { get; }

    /// <summary>The file that <see cref="PassphraseVariable"/> names, or null.</summary>
    internal string? PassphraseFile { get; }

    /// <summary>The path of the PKCS #11 module in <see cref="TokenVariables.Module"/>, or null.</summary>
    internal string? TokenModule { get; }

    /// <summary>The URI of the key in a token in <see cref="TokenVariables.Uri"/>, or null.</summary>
    internal string? TokenUri { get; }

    /// <summary>The file that <see cref="TokenVariables.Pin"/> names, or null.</summary>
    internal string? TokenPinFile { get; }

    /// <summary>What it says of another KMS.</summary>
    internal AwsKmsEnvironment AwsKms { get; }

    /// <summary>The directory in which systemd puts credentials (systemd.exec(5), LoadCredential=), or null.</summary>
    internal string? CredentialsDirectory { get; }

    /// <summary>The text of <see cref="ValueVariable"/>, or null.</summary>
    internal SecretBytes? Value { get; }

    /// <summary>
    /// Reads the variables, and removes <see cref="ValueVariable"/> from the environment, wiping its bytes. To be the first statement of
    /// the program: configuration reads every variable into strings that nobody can zero.
    /// </summary>
    public static RootKeyEnvironment TakeFromProcess() => new(
        Environment.GetEnvironmentVariable(FileVariable),
        Environment.GetEnvironmentVariable(CredentialsVariable),
        SecretEnvironment.Take(ValueVariable),
        Environment.GetEnvironmentVariable(PassphraseVariable),
        Environment.GetEnvironmentVariable(TokenVariables.Module),
        Environment.GetEnvironmentVariable(TokenVariables.Uri),
        Environment.GetEnvironmentVariable(TokenVariables.Pin),
        AwsKmsEnvironment.OfProcess());

    /// <summary>Zeroes what was taken.</summary>
    public void Dispose() => Value?.Dispose();
}
