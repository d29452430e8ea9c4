using Qkms.Core.Idempotency;
using Qkms.Core.Sealing;

namespace Qkms.Core.Administration;

/// <summary>An API key that was made.</summary>
/// <param name="Info">What may be told of it.</param>
/// <param name="Text">
/// Its text, ASCII, for the caller to dispose of; null when a request is repeated: the text is shown once, and is kept nowhere, not even
/// sealed.
/// </param>
internal sealed record NewApiKeyResult(ApiKeyInfo Info, SecretBytes? Text) : IKeepable<NewApiKeyResult>
{
    /// <inheritdoc/>
    public void WriteTo(CanonicalWriter record) => Info.WriteTo(record);

    /// <inheritdoc/>
    public static NewApiKeyResult ReadFrom(ref CanonicalReader record) => new(ApiKeyInfo.ReadFrom(ref record), Text: null);
}

/// <summary>An API key that replaces another one.</summary>
/// <param name="New">The new one.</param>
/// <param name="Old">The one that is replaced.</param>
internal sealed record RotatedApiKey(NewApiKeyResult New, ApiKeyInfo Old) : IKeepable<RotatedApiKey>
{
    /// <inheritdoc/>
    public void WriteTo(CanonicalWriter record)
    {
        New.WriteTo(record);
        Old.WriteTo(record);
    }

    /// <inheritdoc/>
    public static RotatedApiKey ReadFrom(ref CanonicalReader record) =>
        new(NewApiKeyResult.ReadFrom(ref record), ApiKeyInfo.ReadFrom(ref record));
}
