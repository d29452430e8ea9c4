using Qkms.Core.Store;

namespace Qkms.Core.ApiKeys;

/// <summary>An API key at the only moment when its text exists here.</summary>
/// <param name="Text">The whole text, ASCII.</param>
/// <param name="Credential">The row to store.</param>
public sealed record NewApiKey(SecretBytes Text, Sealed<Credential> Credential) : IDisposable
{
    /// <summary>Zeroes the text.</summary>
    public void Dispose() => Text.Dispose();
}
