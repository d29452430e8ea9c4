using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Qkms.Core.Pkcs11;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>
/// A root key that a key in a token has encrypted, with AES-256-GCM, inside the token. The wrapping has what the token needs to give it
/// again, and the URI of the token's key: <c>$pkcs11$aes-256-gcm$&lt;nonce&gt;$&lt;root key and tag&gt;$pkcs11:token=…;object=…</c>. It is
/// a random key for this wrapping alone, and its id is authenticated with it.
/// </summary>
internal sealed partial class Pkcs11Kind : IRootKeyKind
{
    /// <summary>The word for it.</summary>
    public const string KindName = "pkcs11";

    private const byte BindingFormat = 1;
    private const string Purpose = "qkms/pkcs11-root-key/v1";

    /// <inheritdoc/>
    public string Name => KindName;

    /// <summary>A new root key that the key in a token has encrypted, and decrypted again, and the parameters for its wrapping.</summary>
    /// <param name="token">The token and its key.</param>
    /// <param name="cancellationToken">Ends the wait for the token.</param>
    /// <exception cref="RootKeyException">The token cannot be used.</exception>
    public static async Task<(RootKey RootKey, string Parameters)> CreateAsync(RootKeyToken token, CancellationToken cancellationToken)
    {
        SecretBytes key = SecretBytes.Random(RootKey.Size);
        RootKey made = new(key, SourceOf(token));
        try
        {
            byte[] nonce = RandomNumberGenerator.GetBytes(TokenKey.NonceSize);
            byte[] encrypted = await token.UseAsync(used => Encrypt(used, nonce, made.Id, key), cancellationToken);
            return (made, $"$pkcs11$aes-256-gcm${Convert.ToBase64String(nonce)}${Convert.ToBase64String(encrypted)}${token.Uri}");
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Only a row that names the key which this process was told of is shown to its token: anybody may have written it.</remarks>
    public async ValueTask<RootKey?> FindAsync(RootWrapper wrapper, RootSecrets secrets, CancellationToken cancellationToken)
    {
        if (secrets.Token is not { } token
            || TryRead(wrapper.Parameters) is not var (nonce, encrypted, uri)
            || uri.Text != token.Uri.Text)
            return null;

        SecretBytes? key = await token.UseAsync(
            used => used.TryDecrypt(nonce, BindingOf(wrapper.RootKeyId), encrypted), cancellationToken);
        RootKey? found = key is null ? null : new RootKey(key, SourceOf(token));
        if (found?.Id == wrapper.RootKeyId)
            return found;

        found?.Dispose();
        throw new RootKeyException(
            $"The token does not open what the database has of root key {wrapper.RootKeyId} (wrapper {wrapper.WrapperId}): its row was "
            + $"changed, or {uri} names another key than the one that it was sealed with.");
    }

    /// <inheritdoc/>
    public string Describe(RootWrapper wrapper) =>
        TryRead(wrapper.Parameters) is var (_, _, uri) ? uri.Text : "parameters that no release writes";

    private static byte[] Encrypt(TokenKey used, byte[] nonce, string rootKeyId, SecretBytes key)
    {
        byte[] binding = BindingOf(rootKeyId);
        byte[] encrypted = used.Encrypt(nonce, binding, key);
        using SecretBytes? back = used.TryDecrypt(nonce, binding, encrypted);
        return back is not null && CryptographicOperations.FixedTimeEquals(back.Span, key.Span)
            ? encrypted
            : throw new TokenException("The token does not decrypt what it has encrypted: nothing was stored.");
    }

    private static byte[] BindingOf(string rootKeyId) => new CanonicalWriter(BindingFormat).Add(Purpose).Add(rootKeyId).Written.ToArray();

    private static string SourceOf(RootKeyToken token) => $"the token of {token.Uri}";

    // Somebody else may have written them: only the one form that is written is read.
    private static (byte[] Nonce, byte[] Encrypted, TokenKeyUri Uri)? TryRead(string parameters)
    {
        if (Form().Match(parameters) is not { Success: true, Groups: var groups })
            return null;

        try
        {
            TokenKeyUri uri = TokenKeyUri.Parse(groups["uri"].Value);
            return uri.Text == groups["uri"].Value
                ? (Convert.FromBase64String(groups["nonce"].Value), Convert.FromBase64String(groups["key"].Value), uri)
                : null;
        }
        catch (TokenException)
        {
            return null;
        }
    }

    // 12 bytes, and 48: multiples of three, so that base64 has one form for each.
    [GeneratedRegex(
        @"^\$pkcs11\$aes-256-gcm\$(?<nonce>[A-Za-z0-9+/]{16})\$(?<key>[A-Za-z0-9+/]{64})\$(?<uri>pkcs11:[!-~]+)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
