using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.Verification;

/// <summary>
/// Compares the keys of tenants in the keyring with what the journal tells of their rotation: an old row of a key that was destroyed opens,
/// and whoever removes the newest one has the service wrap with the one before.
/// </summary>
internal sealed class TenantKeyVerifier(
    IKmsSession session, IKeyringRepository keyrings, JournalStatements statements, IVerificationReport report)
{
    /// <summary>Checks the keys of every tenant whose journal tells of a rotation.</summary>
    public async Task RunAsync()
    {
        foreach ((TenantId tenantId, TenantKeyStatement told) in statements.TenantKeys)
        {
            if (statements.IsDeleted(tenantId))
                continue;

            IReadOnlyList<KeyringEntry> entries = await keyrings.ListKeysOfTenantAsync(session, tenantId);
            if (told.NewestId is { } newest && !(entries is [.., var last] && last.Id == newest))
                report.Found($"the newest key of tenant {tenantId} is not {newest}, as the journal says: its row is missing");

            foreach (KeyringEntry entry in entries)
            {
                bool isErased = entry.State == KeyringState.Destroyed && !entry.Wrapped.AsSpan().ContainsAnyExcept((byte)0);
                if (told.DestroyedIds.Contains(entry.Id) && !isErased)
                    report.Found($"key {entry.Id} of tenant {tenantId} is destroyed, and its row in keyring was put back");
                else if (isErased && !told.DestroyedIds.Contains(entry.Id))
                    report.Found($"key {entry.Id} of tenant {tenantId} is gone, and the journal does not tell of its destruction");
            }
        }
    }
}

/// <summary>What a tenant's journal tells of the keys that wrap its private keys.</summary>
internal sealed class TenantKeyStatement
{
    /// <summary>The key that was made last; null when none but the first was.</summary>
    public Guid? NewestId { get; set; }

    /// <summary>Those that were destroyed when another had taken their place.</summary>
    public HashSet<Guid> DestroyedIds { get; } = [];
}
