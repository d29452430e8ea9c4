using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Rotations;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tags;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>Writes plans, and lets memory forget what was written over.</summary>
internal sealed class KeyWriter(
    IKeyRepository keys,
    IKeyUsageRepository usages,
    IKeyTagRepository tags,
    JournalWriter journal,
    KeyQuota quota,
    KeyStateCache states,
    MaterialCache materials,
    RotationOrders orders,
    KeyRemains remains)
{
    /// <summary>
    /// Writes a plan whose rows are still as it found them; they stay so until the unit ends. False, and nothing is written, when they are
    /// not.
    /// </summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyChanged"/>: the kid is taken; <see cref="KmsErrors.QuotaExceeded"/>.
    /// </exception>
    internal Task<bool> TryWriteAsync(IKmsSession session, KeyPlan plan) => TryWriteAsync(session, [plan]);

    /// <summary>The same for the plans of several keys: all of them, or none.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="plans">The plans.</param>
    /// <param name="own">
    /// The job whose rotation this is, as it was read; it has to be so still, and is not cancelled as others are that wait for the same.
    /// </param>
    /// <exception cref="KmsException">As above.</exception>
    internal async Task<bool> TryWriteAsync(IKmsSession session, IReadOnlyList<KeyPlan> plans, RotationJob? own = null)
    {
        // Before anything is locked: others would wait for it.
        Key? extended = plans.Where(AddsOwnVersion).Select(plan => plan.ChangedKey!.UnverifiedRow).FirstOrDefault();
        Tenant? tenant = extended is null ? null : await quota.FindTenantAsync(session, extended.TenantId);

        // Keys that are there come first, in the order of their ids, so that no two units wait for each other; then nothing was written
        // when a plan does not hold.
        foreach (KeyPlan plan in plans.Where(plan => plan.NewKey is null).OrderBy(plan => plan.Key.Id.Value))
        {
            if (!await HoldsAsync(session, plan))
                return false;
        }

        if (own is not null && !await orders.HoldsAsync(session, own))
            return false;

        foreach (KeyPlan plan in plans.Where(plan => plan.NewKey is not null))
        {
            if (!await HoldsAsync(session, plan))
                return false;
        }

        foreach (KeyPlan plan in plans)
            await WriteAsync(session, plan);

        // Last: every other change of the tenant waits for the journal, and units that hold it take no further lock.
        JournalEvent[] events =
        [
            .. plans.SelectMany(plan => plan.Events),
            .. await CancelJobsAsync(session, plans, own),
            .. await remains.RemoveAsync(session, plans),
        ];
        if (events.Length > 0)
            await journal.AppendAsync(session, events);

        if (extended is not null)
            await quota.RequireAsync(session, tenant!, extended);

        return true;
    }

    private static bool AddsOwnVersion(KeyPlan plan) => plan.NewVersion is not null && plan.Key.Address.Owner == KeyOwner.Tenant;

    private async Task WriteAsync(IKmsSession session, KeyPlan plan)
    {
        if (plan.ChangedVersion is { } changed)
            await UpdateAsync(session, changed);

        if (plan.NewVersion is { } added)
            await InsertAsync(session, added.Row, added.Material, plan.KidField);

        if (plan.NewUsage is { } usage)
            await usages.InsertAsync(session, usage);

        if (plan.NewTags is { } first && !await tags.InsertAsync(session, first))
            throw new SealBrokenException(first.UnverifiedRow.LogName);

        if (plan.ChangedKey is not { } key)
            return;

        if (!await keys.UpdateKeyAsync(session, key))
            throw new SealBrokenException(key.UnverifiedRow.LogName);

        // Each version of the key says when it rotates next, and stands beside its key.
        if (key.UnverifiedRow.RotationPeriod != plan.Key.RotationPeriod
            || key.UnverifiedRow.NextRotationAt != plan.Key.NextRotationAt
            || key.UnverifiedRow.Enablement != plan.Key.Enablement)
            session.OnCommitted(states.ForgetAll);

        if (key.UnverifiedRow.Enablement != KeyEnablement.Enabled && plan.Key.Enablement == KeyEnablement.Enabled)
            session.OnCommitted(() => materials.Drop(key.UnverifiedRow.Id));
    }

    /// <summary>The refusal of a kid that is taken.</summary>
    /// <param name="kid">The kid.</param>
    /// <param name="field">The member of the request that names it.</param>
    internal static KmsException KidTaken(Kid kid, string field = "kid") =>
        KmsErrors.KeyChanged.With($"A key version with the kid '{kid}' already exists.", new FieldError(field, "already exists"));

    // The key's row is locked before anything of it is compared. Every change of a version locks it first.
    private async Task<bool> HoldsAsync(IKmsSession session, KeyPlan plan)
    {
        if (plan.NewKey is { } made)
            return await keys.InsertKeyAsync(session, made);

        Key key = plan.Key;
        return IsSame(key, await keys.LockKeyAsync(session, key.TenantId, key.Id))
            && (plan.Version is not { } version
                || IsSame(version, await keys.FindVersionAsync(session, key.TenantId, version.Id)));
    }

    // Column by column: a row may be sealed with an older key than new seals are, and nothing has to be sealed here to find out that it is
    // the one whose seal was checked. What is damaged has no seal at all.
    private static bool IsSame<T>(T planned, Sealed<T>? row)
        where T : class, ISealedRow => row is { Seal.Length: > 0 } && RowSealer.SayTheSame(planned, row.UnverifiedRow);

    private async Task InsertAsync(IKmsSession session, Sealed<KeyVersion> row, KeyMaterial material, string kidField)
    {
        KeyVersion version = row.UnverifiedRow;
        session.OnCommitted(() => states.Forget(version));
        if (await keys.InsertVersionAsync(session, row, material))
            return;

        // What else stands in its way cannot be there while the rows are as the plan found them.
        throw await keys.FindWithKeyAsync(session, version.TenantId, version.Kid) is null
            ? new SealBrokenException(version.LogName)
            : KidTaken(version.Kid, kidField);
    }

    private async Task UpdateAsync(IKmsSession session, Sealed<KeyVersion> row)
    {
        KeyVersion version = row.UnverifiedRow;
        if (!await keys.UpdateVersionAsync(session, row))
            throw new SealBrokenException(version.LogName);

        session.OnCommitted(() => Forget(version));
    }

    // What is over, or has a successor, is rotated no more: who revokes a key, or rotates it by hand, need not know what it waits for.
    private async Task<IReadOnlyList<JournalEvent>> CancelJobsAsync(IKmsSession session, IReadOnlyList<KeyPlan> plans, RotationJob? own)
    {
        List<JournalEvent> cancelled = [];
        foreach (KeyPlan plan in plans)
        {
            if (VersionWithoutRotation(plan) is { } version && plan.Events is [var happened, ..])
            {
                JournalActor actor = new(happened.ActorKind, happened.ActorId, happened.RequestId, happened.ServerRequestId);
                cancelled.AddRange(await orders.CancelAllAsync(session, version, actor, own?.Id, plan.OutdatedBecause));
            }
        }

        return cancelled;
    }

    private static KeyVersion? VersionWithoutRotation(KeyPlan plan) =>
        plan.Outdated
        ?? (plan is { Version: { } before, ChangedVersion.UnverifiedRow: { } changed }
            && KeyStateRules.IsOver(changed) && !KeyStateRules.IsOver(before) ? changed : null);

    // The next request on this node sees the change, and a key that nobody may use any more is not kept in memory either.
    private void Forget(KeyVersion version)
    {
        states.Forget(version);
        if (KeyStateRules.IsOver(version))
            materials.Drop(version.Id);
    }
}
