using Qkms.Core.Keyrings;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keyrings;

/// <summary>
/// What is wrapped by a key of a tenant is added only while that key is in use. Who destroys the key holds its row and looks whether
/// anything is left that it wraps: that is added either before that look, or after the key is destroyed, and then not at all.
/// </summary>
internal static class TenantKeyInUse
{
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>The key, to be looked at when everything else of the unit is done.</summary>
    public static WrittenRow Of(Guid id) => new(
        $"tenant key {id}",
        "keyring",
        KeyColumns: 1,
        [(nameof(KeyringRow.Id), id.ToBytes()), (nameof(KeyringRow.State), (long)KeyringState.InUse)])
    {
        // The request began with a key that another has replaced since; the next one finds that.
        Otherwise = static () => KmsErrors.Unavailable.RetryAfter(_retryAfter),
    };
}
