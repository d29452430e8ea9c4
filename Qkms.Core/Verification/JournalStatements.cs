using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;

namespace Qkms.Core.Verification;

/// <summary>
/// What the genuine events of all streams say of rows that no row beside them vouches for: of API keys, rotation jobs, aliases, tags and
/// counters of uses. Some 100 bytes for each of these are kept, and no event.
/// </summary>
internal sealed class JournalStatements
{
    private readonly Dictionary<Guid, byte[]?> _apiKeys = [];
    private readonly Dictionary<Guid, string?> _jobs = [];
    private readonly Dictionary<(TenantId, string), byte[]> _aliases = [];
    private readonly Dictionary<KeyId, byte[]> _tags = [];
    private readonly Dictionary<(KeyId, int), long> _uses = [];
    private readonly Dictionary<TenantId, DateTimeOffset> _begun = [];
    private readonly Dictionary<TenantId, TenantKeyStatement> _tenantKeys = [];
    private readonly HashSet<Guid> _systemKeys = [];
    private readonly HashSet<TenantId> _trimmed = [];
    private readonly HashSet<TenantId> _deleted = [];

    // What the journals of operators say of other tenants: whether they are deleted.
    private readonly Dictionary<Guid, bool> _others = [];

    /// <summary>API keys that were told of and not asked for.</summary>
    public IEnumerable<Guid> ApiKeysLeft => _apiKeys.Keys;

    /// <summary>Rotation jobs that were told of and not asked for.</summary>
    public IEnumerable<Guid> JobsLeft => _jobs.Keys;

    /// <summary>Aliases that were told of and not asked for.</summary>
    public IEnumerable<string> AliasesLeft => _aliases.Keys.Select(alias => alias.Item2);

    /// <summary>Keys whose tags were told of and not asked for.</summary>
    public IEnumerable<KeyId> TagsLeft => _tags.Keys;

    /// <summary>What is told of the keys of tenants, for those tenants whose key was rotated.</summary>
    public IEnumerable<KeyValuePair<TenantId, TenantKeyStatement>> TenantKeys => _tenantKeys;

    /// <summary>The keys that are told to be in the keyring, and belong to no tenant.</summary>
    public IEnumerable<Guid> SystemKeys => _systemKeys;

    /// <summary>Takes note of a stream.</summary>
    public void Note(JournalStream stream)
    {
        if (stream.FirstPosition > 0)
            _trimmed.Add(stream.TenantId);
    }

    /// <summary>Takes note of a deleted tenant, before its journal is read: nothing that it tells of has to be there.</summary>
    public void NoteDeleted(TenantId tenantId) => _deleted.Add(tenantId);

    /// <summary>Whether a tenant is deleted: what is left of its rows goes.</summary>
    public bool IsDeleted(TenantId tenantId) => _deleted.Contains(tenantId);

    /// <summary>The newest set of root keys that any journal tells of; null when none does.</summary>
    public ToldRootWrapperSet? RootKeys { get; private set; }

    /// <summary>Takes note of a genuine event of a life cycle.</summary>
    public void NoteChange(JournalEvent happened)
    {
        NoteOther(happened);
        if (RootKeyJournal.Read(happened) is { } told && told.Epoch > (RootKeys?.Epoch ?? 0))
            RootKeys = told;

        if (IsDeleted(happened.TenantId))
            return;

        switch (happened.Action)
        {
            case JournalActions.ApiKeyCreated or JournalActions.ApiKeyUpdated or JournalActions.ApiKeyDisabled
                or JournalActions.ApiKeyEnabled or JournalActions.ApiKeyRevoked or JournalActions.ApiKeyRotated
                or JournalActions.ApiKeyFound
                when Guid.TryParse(happened.To, out Guid id):
                _apiKeys[id] = happened.RowSeal;
                break;
            case JournalActions.RotationScheduled or JournalActions.RotationSucceeded or JournalActions.RotationFailed
                or JournalActions.RotationCancelled
                when Rotations.RotationOrders.ReadJobId(happened.Reason) is { } id:
                _jobs[id.Value] = happened.To;
                break;
            case JournalActions.AliasCreated or JournalActions.AliasUpdated or JournalActions.AliasDeleted when happened.To is { } name:
                Note(_aliases, (happened.TenantId, name), happened.RowSeal);
                break;
            case JournalActions.KeyTagged or JournalActions.KeyUntagged when happened.KeyId is { } key:
                Note(_tags, key, happened.RowSeal);
                break;
            case JournalActions.TenantKeyRotated when Guid.TryParse(happened.To, out Guid made):
                TenantKeysOf(happened.TenantId).NewestId = made;
                break;
            case JournalActions.TenantKeyDestroyed when Guid.TryParse(happened.From, out Guid gone):
                TenantKeysOf(happened.TenantId).DestroyedIds.Add(gone);
                break;
            case JournalActions.KeyringRotated when Guid.TryParse(happened.To, out Guid added):
                _systemKeys.Add(added);
                break;
            case JournalActions.JournalBegun:
                _begun[happened.TenantId] = happened.Time;
                break;
        }
    }

    private TenantKeyStatement TenantKeysOf(TenantId tenantId)
    {
        if (!_tenantKeys.TryGetValue(tenantId, out TenantKeyStatement? told))
            _tenantKeys[tenantId] = told = new TenantKeyStatement();

        return told;
    }

    // What leaves no row behind has no seal, and must not be there.
    private static void Note<TKey>(Dictionary<TKey, byte[]> seals, TKey key, byte[]? seal)
        where TKey : notnull
    {
        if (seal is null)
            seals.Remove(key);
        else
            seals[key] = seal;
    }

    /// <summary>Tenants of which the journals of others tell, and whether those say that they are deleted.</summary>
    public IEnumerable<(TenantId Id, bool IsDeleted)> Others => _others.Select(other => (new TenantId(other.Key), other.Value));

    private void NoteOther(JournalEvent happened)
    {
        if (happened.Action.StartsWith(JournalActions.OfTenants, StringComparison.Ordinal)
            && Guid.TryParse(happened.To, out Guid other)
            && other != happened.TenantId.Value)
            _others[other] = happened.Action is JournalActions.TenantDeleted or JournalActions.TenantErased
                || _others.GetValueOrDefault(other);
    }

    /// <summary>Takes note of a genuine event of a stream of uses.</summary>
    public void NoteUse(JournalEvent happened)
    {
        if (happened is { Action: JournalActions.KeyUsed, KeyId: { } key, KeyVersion: { } version }
            && UseReason.ReadCount(happened.Reason) is { } count
            && count > _uses.GetValueOrDefault((key, version)))
            _uses[(key, version)] = count;
    }

    /// <summary>Whether an API key is told of, and with which seal its row was left. It is asked for once.</summary>
    public bool TakeApiKey(Guid id, out byte[]? seal) => _apiKeys.Remove(id, out seal);

    /// <summary>Whether a rotation job is told of, and in which state it was left. It is asked for once.</summary>
    public bool TakeJob(Guid id, out string? state) => _jobs.Remove(id, out state);

    /// <summary>With which seal the row of an alias was left; null when it is not told of, or was removed. It is asked for once.</summary>
    public byte[]? TakeAlias(TenantId tenantId, string name) => _aliases.Remove((tenantId, name), out byte[]? seal) ? seal : null;

    /// <summary>The same of the tags of a key.</summary>
    public byte[]? TakeTags(KeyId keyId) => _tags.Remove(keyId, out byte[]? seal) ? seal : null;

    /// <summary>How many uses a version had at its newest event; null when no event of a use is there.</summary>
    public long? UsesOf(KeyVersion version) => _uses.TryGetValue((version.KeyId, version.Version), out long count) ? count : null;

    /// <summary>Whether uses of a tenant were trimmed away: what is left tells of the newer ones only.</summary>
    public bool IsTrimmed(TenantId tenantId) => _trimmed.Contains(tenantId);

    /// <summary>Whether something was there before the tenant's journal began: an earlier build told of it elsewhere.</summary>
    public bool IsOlderThanJournal(TenantId tenantId, DateTimeOffset createdAt) =>
        _begun.TryGetValue(tenantId, out DateTimeOffset begun) && createdAt <= begun;
}
