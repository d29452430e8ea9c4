using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Qkms.Core.AwsKms;

namespace Qkms.Core.Keyrings;

/// <summary>
/// A root key that a key of another KMS has encrypted, by the protocol of AWS KMS. The wrapping has what the other KMS needs to give it
/// again, and the name of its key: <c>$aws-kms$&lt;ciphertext&gt;$&lt;key&gt;</c>. It is a random key for this wrapping alone, and its id
/// is authenticated with it, in the encryption context.
/// </summary>
internal sealed partial class AwsKmsKind : IRootKeyKind
{
    /// <summary>The word for it.</summary>
    public const string KindName = "aws-kms";

    private const string Purpose = "qkms/aws-kms-root-key/v1";

    /// <inheritdoc/>
    public string Name => KindName;

    /// <summary>A new root key that the other KMS has encrypted, and decrypted again, and the parameters for its wrapping.</summary>
    /// <param name="other">The other KMS and its key.</param>
    /// <param name="cancellationToken">Ends the wait for it.</param>
    /// <exception cref="RootKeyException">The other KMS cannot be used.</exception>
    public static async Task<(RootKey RootKey, string Parameters)> CreateAsync(RootKeyOtherKms other, CancellationToken cancellationToken)
    {
        SecretBytes key = SecretBytes.Random(RootKey.Size);
        RootKey made = new(key, SourceOf(other));
        try
        {
            byte[] encrypted = await other.UseAsync(client => EncryptAsync(client, other.Key, made.Id, key, cancellationToken));
            return (made, $"${KindName}${Convert.ToBase64String(encrypted)}${other.Key}");
        }
        catch (AwsKmsException e)
        {
            made.Dispose();
            throw new RootKeyException($"{e.Message} It had made that ciphertext itself: nothing was stored.");
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Only a row that names the key which this process was told of is shown to the other KMS: anybody may have written it.
    /// </remarks>
    public async ValueTask<RootKey?> FindAsync(RootWrapper wrapper, RootSecrets secrets, CancellationToken cancellationToken)
    {
        if (secrets.OtherKms is not { } other
            || TryRead(wrapper.Parameters) is not var (encrypted, key)
            || key != other.Key)
            return null;

        RootKey? found = null;
        string type = "";
        try
        {
            found = new RootKey(
                await other.UseAsync(client => client.DecryptAsync(
                    key, encrypted, ContextOf(wrapper.RootKeyId), RootKey.Size, cancellationToken)),
                SourceOf(other));
            if (found.Id == wrapper.RootKeyId)
                return found;
        }
        catch (AwsKmsException e)
        {
            type = $" ({e.Type})";
        }

        found?.Dispose();
        throw new RootKeyException(
            $"The other KMS at {other.Endpoint.Url} does not open what the database has of root key {wrapper.RootKeyId} (wrapper "
            + $"{wrapper.WrapperId}){type}: its row was changed, or {key} names another key than the one that it was sealed with.");
    }

    /// <inheritdoc/>
    public string Describe(RootWrapper wrapper) =>
        TryRead(wrapper.Parameters) is var (_, key) ? key.Text : "parameters that no release writes";

    private static async Task<byte[]> EncryptAsync(
        AwsKmsClient client, AwsKmsKeyName name, string rootKeyId, SecretBytes key, CancellationToken cancellationToken)
    {
        Dictionary<string, string> context = ContextOf(rootKeyId);
        byte[] encrypted = await client.EncryptAsync(name, key, context, cancellationToken);
        using SecretBytes back = await client.DecryptAsync(name, encrypted, context, RootKey.Size, cancellationToken);
        return CryptographicOperations.FixedTimeEquals(back.Span, key.Span)
            ? encrypted
            : throw new AwsKmsException("The other KMS does not decrypt what it has encrypted: nothing was stored.");
    }

    private static Dictionary<string, string> ContextOf(string rootKeyId) => new()
    {
        ["qkms:purpose"] = Purpose,
        ["qkms:root-key-id"] = rootKeyId,
    };

    private static string SourceOf(RootKeyOtherKms other) => $"the key {other.Key} of the other KMS at {other.Endpoint.Url}";

    // Somebody else may have written them: only the one form that is written is read.
    private static (byte[] Encrypted, AwsKmsKeyName Key)? TryRead(string parameters)
    {
        if (Form().Match(parameters) is not { Success: true, Groups: var groups }
            || AwsKmsKeyName.TryParse(groups["key"].Value) is not { } key)
            return null;

        string text = groups["encrypted"].Value;
        byte[] encrypted = new byte[text.Length];
        return Convert.TryFromBase64String(text, encrypted, out int length)
            && length is > 0 and <= AwsKmsAnswer.MaxCiphertext
            && Convert.ToBase64String(encrypted, 0, length) == text
            ? (encrypted[..length], key)
            : null;
    }

    [GeneratedRegex(@"^\$aws-kms\$(?<encrypted>[A-Za-z0-9+/]+={0,2})\$(?<key>[^$]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
