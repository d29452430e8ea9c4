using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Uses;

/// <summary>
/// The versions whose uses are counted, as they are at that moment. What was read and checked before is taken again as long as the rows of
/// version and key have the seals that it was checked with: every change of a row gives it another one. For one thread.
/// </summary>
internal sealed class VersionsInUse(KeyRows rows, IKeyRepository keys)
{
    private const int MostRemembered = 10_000;

    private readonly Dictionary<KeyVersionId, (KeyAndVersion Found, RowSeals Seals)> _checked = [];

    /// <summary>A version that is known to be there.</summary>
    /// <param name="session">A unit that holds the version's key.</param>
    /// <param name="version">The version as it was when it was used.</param>
    /// <exception cref="SealBrokenException">A row is not there, or does not match its seal or the other.</exception>
    public async Task<KeyAndVersion> FindAsync(IKmsSession session, KeyVersion version)
    {
        RowSeals? seals = await keys.FindSealsAsync(session, version.TenantId, version.Id);
        if (seals is not null
            && _checked.TryGetValue(version.Id, out (KeyAndVersion Found, RowSeals Seals) known)
            && known.Seals.AreThoseOf(seals))
            return known.Found;

        KeyAndVersion found = await rows.FindAgainAsync(session, version);
        if (_checked.Count >= MostRemembered)
            _checked.Clear();

        if (seals is not null)
            _checked[version.Id] = (found, seals);

        return found;
    }
}
