using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Gives a tenant a new key that wraps its private keys. The new key is committed first; then what the old ones wrap is wrapped anew, some
/// rows at a time; last, an old key that wraps nothing any more is destroyed. At every moment each row opens with the key that it names, so
/// the service may run meanwhile, on any number of nodes. What was cut off goes on with the next run, and of two at once each row is
/// written by one.
/// </summary>
internal sealed class TenantKeyRotation(
    IKmsStore store,
    ITenantRepository tenants,
    IKeyringRepository keyringRepository,
    IWrappedRowRepository wrapped,
    IKeyRepository keys,
    Keyring keyring,
    RowSealer sealer,
    JournalWriter journal,
    IdGenerator ids,
    TimeProvider time)
{
    /// <summary>How many rows one unit writes: other writes wait for some milliseconds.</summary>
    internal const int Piece = 100;

    private static readonly JournalActor _actor = JournalActor.System("host");

    /// <summary>Finishes a rotation that was cut off; where there is none, makes a new key, and lets it take the old one's place.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="madeBefore">Only a key that was made before this is replaced; null = whatever its age.</param>
    /// <param name="onWrapped">Is told how many rows were written.</param>
    /// <param name="cancellationToken">Honoured between two units.</param>
    /// <returns>What was done; null for a tenant that is deleted.</returns>
    /// <exception cref="SealBrokenException">The tenant, its newest key or its journal is damaged.</exception>
    /// <exception cref="KmsException">The database does not take a write. Every row opens; the next run goes on.</exception>
    public async Task<TenantKeyOutcome?> RunAsync(
        TenantId tenantId, DateTimeOffset? madeBefore, Action<long> onWrapped, CancellationToken cancellationToken)
    {
        TenantKeyOutcome before = new(IsNew: false, Wrapped: 0, Destroyed: 0, Left: []);
        IReadOnlyList<KeyringEntry>? entries = await ListKeysAsync(tenantId, cancellationToken);
        if (entries is null)
            return null;

        if (entries.Count(IsInUse) > 1)
        {
            before = await FinishAsync(tenantId, onWrapped, cancellationToken);
            if (before.Wrapped > 0 || before.Destroyed > 0)
                return before;
        }

        if (madeBefore is { } limit && entries[^1].Id.CompareTo(IdGenerator.FirstAt(limit)) >= 0)
            return before;

        bool isNew = await store.WriteAsync(session => TryAddKeyAsync(session, tenantId, entries[^1]), cancellationToken);
        return await FinishAsync(tenantId, onWrapped, cancellationToken) with { IsNew = isNew };
    }

    private static bool IsInUse(KeyringEntry entry) => entry.State == KeyringState.InUse;

    private Task<IReadOnlyList<KeyringEntry>?> ListKeysAsync(TenantId tenantId, CancellationToken cancellationToken) => store.ReadAsync(
        async session =>
        {
            IReadOnlyList<KeyringEntry> entries = await keyringRepository.ListKeysOfTenantAsync(session, tenantId);
            Tenant tenant = sealer.Open(await tenants.FindAsync(session, tenantId) ?? throw new SealBrokenException($"tenant {tenantId}"));
            return tenant.State == TenantState.Deleted ? null
                : entries is [.., { State: KeyringState.InUse }] ? entries
                : throw new SealBrokenException($"the key of tenant {tenantId}");
        },
        cancellationToken);

    // False when another run was faster, whose key serves this one too.
    private async Task<bool> TryAddKeyAsync(IKmsSession session, TenantId tenantId, KeyringEntry last)
    {
        Tenant tenant = await LockAsync(session, tenantId);
        IReadOnlyList<KeyringEntry> entries = await keyringRepository.ListKeysOfTenantAsync(session, tenantId);
        if (tenant.State == TenantState.Deleted || entries[^1].Id != last.Id)
            return false;

        // What does not open cannot be replaced: whatever it wraps would stay under it.
        keyring.OpenTenantKey(entries[^1]).Dispose();
        KeyringEntry made = keyring.CreateTenantKey(tenantId, last.Version + 1);
        await keyringRepository.InsertAsync(session, made);
        await journal.AppendAsync(session, Entry(tenantId, JournalActions.TenantKeyRotated, last.Id, made.Id, made.Version));
        return true;
    }

    // What is added under an old key while the rows are gone through is found by another round; soon nobody knows the old one any more.
    private async Task<TenantKeyOutcome> FinishAsync(TenantId tenantId, Action<long> onWrapped, CancellationToken cancellationToken)
    {
        long count = 0;
        int destroyed = 0;
        while (true)
        {
            IReadOnlyList<KeyringEntry>? entries = await ListKeysAsync(tenantId, cancellationToken);
            if (entries is null)
                return new TenantKeyOutcome(IsNew: false, count, destroyed, []);

            using OpenKeys open = new(keyring, entries);
            List<string> left = [];
            long written;
            try
            {
                written = await WrapMaterialsAsync(tenantId, open, left, onWrapped, cancellationToken)
                    + await WrapKeptResultsAsync(tenantId, open, left, onWrapped, cancellationToken);
            }
            catch (KmsException) when (!cancellationToken.IsCancellationRequested)
            {
                // Another run may have put a newer key in the place of the one that this run wraps with.
                if (await ListKeysAsync(tenantId, cancellationToken) is not [.., var newest] || newest.Id == open.Newest.Id)
                    throw;

                continue;
            }

            count += written;
            if (written > 0)
                continue;

            foreach (KeyringEntry old in entries.SkipLast(1).Where(IsInUse))
                destroyed += await store.WriteAsync(session => TryDestroyAsync(session, old), cancellationToken) ? 1 : 0;

            if (left.Count > 0 || await ListKeysAsync(tenantId, cancellationToken) is not { } now || now.Count(IsInUse) == 1)
                return new TenantKeyOutcome(IsNew: false, count, destroyed, left);
        }
    }

    private async Task<long> WrapMaterialsAsync(
        TenantId tenantId, OpenKeys open, List<string> left, Action<long> onWrapped, CancellationToken cancellationToken)
    {
        long count = 0;
        KeyVersionId last = new(Guid.Empty);
        while (true)
        {
            List<(KeyMaterial Material, Sealed<KeyVersion>? Version)> page = await store.ReadAsync(
                session => ListMaterialsAsync(session, tenantId, open.Newest.Id, last), cancellationToken);
            if (page.Count == 0)
                return count;

            last = page[^1].Material.VersionId;
            List<(KeyVersion? Version, KeyMaterial Found, KeyMaterial Replacement)> changes =
                WrapWhatOpens(page, row => WrapAnew(open, row.Material, row.Version), left);
            if (changes.Count == 0)
                continue;

            int written = await store.WriteAsync(
                async session =>
                {
                    // Whoever destroys a private key holds its key, and finds it as he read it or knows that it was wrapped anew.
                    await keys.LockKeysAsync(session, changes.Select(change => change.Version).OfType<KeyVersion>());
                    int replaced = 0;
                    foreach ((_, KeyMaterial found, KeyMaterial replacement) in changes)
                        replaced += await wrapped.ReplaceAsync(session, found, replacement) ? 1 : 0;

                    return replaced;
                },
                cancellationToken);
            count += written;
            onWrapped(written);
        }
    }

    // A row that does not open is named, and the others are wrapped.
    private static List<TChange> WrapWhatOpens<TRow, TChange>(
        IReadOnlyList<TRow> rows, Func<TRow, TChange> wrap, List<string> left)
    {
        List<TChange> changes = [];
        foreach (TRow row in rows)
        {
            try
            {
                changes.Add(wrap(row));
            }
            catch (SealBrokenException e)
            {
                left.Add(e.What);
            }
        }

        return changes;
    }

    private async Task<List<(KeyMaterial Material, Sealed<KeyVersion>? Version)>> ListMaterialsAsync(
        IKmsSession session, TenantId tenantId, Guid newestId, KeyVersionId after)
    {
        List<(KeyMaterial, Sealed<KeyVersion>?)> page = [];
        foreach (KeyMaterial material in await wrapped.ListMaterialsAsync(session, tenantId, newestId, after, Piece))
            page.Add((material, await keys.FindVersionAsync(session, tenantId, material.VersionId)));

        return page;
    }

    private (KeyVersion? Version, KeyMaterial Found, KeyMaterial Replacement) WrapAnew(
        OpenKeys open, KeyMaterial material, Sealed<KeyVersion>? row)
    {
        // Zeros stay zeros, and belong to no key that is in use: only their row names another one.
        KeyVersion? version = row is null ? null : sealer.TryOpen(row);
        if (material.Wrapped.Length > 0 && !material.Wrapped.AsSpan().ContainsAnyExcept((byte)0))
            return (version, material, material with { WrappingKeyId = open.Newest.Id });

        if (version is null)
            throw new SealBrokenException(row?.UnverifiedRow.LogName ?? $"the version {material.VersionId.Value}");

        using SecretBytes privateKey = PrivateKeyWrap.Unwrap(open.Find(material.WrappingKeyId, version.LogName), version, material);
        return (version, material, PrivateKeyWrap.Wrap(open.Newest, version, material.Format, privateKey));
    }

    private static (KeptResult Found, KeptResult Replacement) WrapAnew(OpenKeys open, KeptResult kept) =>
        (kept, KeptResultWrap.WrapAnew(open.Find(kept.WrappingKeyId, KeptResultWrap.Broken(kept).What), open.Newest, kept));

    private async Task<long> WrapKeptResultsAsync(
        TenantId tenantId, OpenKeys open, List<string> left, Action<long> onWrapped, CancellationToken cancellationToken)
    {
        long count = 0;
        string last = "";
        while (true)
        {
            IReadOnlyList<KeptResult> page = await store.ReadAsync(
                session => wrapped.ListKeptResultsAsync(session, tenantId, open.Newest.Id, last, Piece), cancellationToken);
            if (page.Count == 0)
                return count;

            last = page[^1].Key;
            List<(KeptResult Found, KeptResult Replacement)> changes = WrapWhatOpens(page, kept => WrapAnew(open, kept), left);
            if (changes.Count == 0)
                continue;

            int written = await store.WriteAsync(
                async session =>
                {
                    int replaced = 0;
                    foreach ((KeptResult found, KeptResult replacement) in changes)
                        replaced += await wrapped.ReplaceAsync(session, found, replacement) ? 1 : 0;

                    return replaced;
                },
                cancellationToken);
            count += written;
            onWrapped(written);
        }
    }

    // The key is held before it is looked whether it wraps anything: who adds something under it has done so, or does not any more.
    private async Task<bool> TryDestroyAsync(IKmsSession session, KeyringEntry old)
    {
        TenantId tenantId = old.TenantId!.Value;
        Tenant tenant = await LockAsync(session, tenantId);
        if (tenant.State == TenantState.Deleted
            || await keyringRepository.LockTenantKeyAsync(session, tenantId, old.Id) is not { State: KeyringState.InUse } found
            || await wrapped.AnyAsync(session, tenantId, old.Id))
            return false;

        if (!await keyringRepository.EraseAsync(session, found))
            throw new SealBrokenException($"the key of tenant {tenantId}");

        await journal.AppendAsync(session, Entry(tenantId, JournalActions.TenantKeyDestroyed, old.Id, madeId: null, old.Version));
        return true;
    }

    private async Task<Tenant> LockAsync(IKmsSession session, TenantId id) =>
        sealer.Open(await tenants.LockAsync(session, id) ?? throw new SealBrokenException($"tenant {id}"));

    private JournalEvent Entry(TenantId tenantId, string action, Guid oldId, Guid? madeId, int version) => new()
    {
        Id = ids.Next(),
        TenantId = tenantId,
        Time = time.GetUtcMilliseconds(),
        Action = action,
        ActorKind = _actor.Kind,
        ActorId = _actor.Id,
        From = oldId.ToString(),
        To = madeId?.ToString(),
        Reason = $"version {version}",
    };

    /// <summary>The keys of a tenant, each opened when it is first needed.</summary>
    private sealed class OpenKeys : IDisposable
    {
        private readonly Keyring _keyring;
        private readonly IReadOnlyList<KeyringEntry> _entries;
        private readonly Dictionary<Guid, WrappingKey> _opened = [];

        public OpenKeys(Keyring keyring, IReadOnlyList<KeyringEntry> entries)
        {
            (_keyring, _entries) = (keyring, entries);
            Newest = Open(entries[^1]);
        }

        public WrappingKey Newest { get; }

        /// <exception cref="SealBrokenException">There is no such key, or it does not open: <paramref name="what"/> stays.</exception>
        public WrappingKey Find(Guid id, string what)
        {
            if (_opened.TryGetValue(id, out WrappingKey? opened))
                return opened;

            return Open(_entries.FirstOrDefault(entry => entry.Id == id && IsInUse(entry)) ?? throw new SealBrokenException(what));
        }

        public void Dispose()
        {
            foreach (WrappingKey key in _opened.Values)
                key.Dispose();
        }

        private WrappingKey Open(KeyringEntry entry) => _opened[entry.Id] = _keyring.OpenTenantKey(entry);
    }
}

/// <summary>What became of the rotation of a tenant's key.</summary>
/// <param name="IsNew">Whether a new key was made; else a rotation that was cut off was finished, or nothing was to be done.</param>
/// <param name="Wrapped">How many rows were written with a wrap by the newest key.</param>
/// <param name="Destroyed">How many old keys were destroyed.</param>
/// <param name="Left">What does not open, and stays under its old key, which is not destroyed.</param>
internal sealed record TenantKeyOutcome(bool IsNew, long Wrapped, int Destroyed, IReadOnlyList<string> Left);
