using Qkms.Core.Pkcs11;

namespace Qkms.Core.Keyrings;

/// <summary>
/// The key in a token that this process was told of, by its environment or by somebody who types it. What has failed is not tried again: a
/// token counts the wrong PINs.
/// </summary>
/// <param name="modulePath">The path of the PKCS #11 module.</param>
/// <param name="uri">The token and the key.</param>
/// <param name="readPin">Reads the PIN, which ends with the visit.</param>
internal sealed class RootKeyToken(string modulePath, TokenKeyUri uri, Func<SecretBytes> readPin)
{
    private string? _failure;

    /// <summary>The token and the key.</summary>
    public TokenKeyUri Uri => uri;

    /// <summary>Logs in, has the key used, and leaves nothing open.</summary>
    /// <param name="use">What is done with it; it answers null where the token does not decrypt what the key has not encrypted.</param>
    /// <param name="cancellationToken">Ends the wait: a token may be far away.</param>
    /// <exception cref="RootKeyException">The module, the token, its PIN or the key cannot be used.</exception>
    public async Task<T> UseAsync<T>(Func<TokenKey, T> use, CancellationToken cancellationToken) =>
        await Task.Run(() => Use(use), CancellationToken.None).WaitAsync(cancellationToken);

    private T Use<T>(Func<TokenKey, T> use)
    {
        if (_failure is not null)
            throw new RootKeyException(_failure);

        try
        {
            using SecretBytes pin = readPin();
            return TokenModule.Use(modulePath, uri, pin, use);
        }
        catch (Exception e) when (e is TokenException or RootKeyException)
        {
            _failure = e.Message;
            throw new RootKeyException(_failure);
        }
    }
}
