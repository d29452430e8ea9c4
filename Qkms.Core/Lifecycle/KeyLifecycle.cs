using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Cryptography;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// The changes in the life of keys. Each is one write: the rows and the journal entry are committed together or not at all. Key pairs
/// are made before the write begins, behind a gate and after a cheap check that the work is not in vain. What the caller is answered is
/// made of the result inside the unit, because it may have to be kept with it.
/// </summary>
public sealed class KeyLifecycle(
    IKmsStore store,
    IKeyRepository keys,
    IAuditRepository journal,
    Changes changes,
    RowSealer sealer,
    KeyRows rows,
    KeyWriter writer,
    SecondOpinion opinion,
    KeyGenerationGate gate,
    TenantKeys tenantKeys,
    OperationMetrics metrics,
    IdGenerator ids,
    TimeProvider time)
{
    private const string OwnOrigin = "qkms";

    /// <summary>Makes the first version of a key, or the next one of a key that has no active version.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.ActiveKeyExists"/>, <see cref="KmsErrors.KeyChanged"/> when the kid is taken.</exception>
    public Task<TAnswer> GenerateAsync<TAnswer>(Caller caller, GenerateKeyCommand command, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
        return metrics.MeasureAsync(
            OperationMetrics.Begin(), OperationNames.GenerateKey, command.Key.Algorithm, caller, GenerateNowAsync(caller, command, answer, cancellationToken));
    }

    private async Task<TAnswer> GenerateNowAsync<TAnswer>(Caller caller, GenerateKeyCommand command, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        KeyAddress address = command.Key.For(caller);

        (KeyHead head, KeyringEntry tenantKeyEntry) = await store.ReadAsync(
            async session => (await FindHeadToGenerateAsync(session, address, command.Kid), await tenantKeys.FindAsync(session, caller.TenantId)), cancellationToken);
        using NewKeyMaterial pair = await gate.RunAsync(address.Algorithm, () => address.Algorithm.Family.Generate(address.Algorithm, address.Use, opinion), cancellationToken);
        using WrappingKey tenantKey = tenantKeys.Open(tenantKeyEntry);
        VersionPlanner planner = new(sealer, pair, tenantKey, command.Spelling);
        VersionPlan prepared = Plan(head);

        return await changes.WriteAsync(
            caller,
            async session =>
            {
                VersionPlan plan = await HoldsAsync(session, prepared) ? prepared : Plan(await LockHeadAsync(session, address));
                await writer.InsertAsync(session, plan);
                await journal.InsertAsync(session, KeyEvents.About(ids.Next(), plan.Version.CreatedAt, AuditActor.Of(caller), AuditActions.KeyGenerated, plan.Version, before: null));
                return plan.Version;
            },
            answer,
            cancellationToken);

        VersionPlan Plan(KeyHead head)
        {
            DateTimeOffset now = time.GetUtcMilliseconds();
            Key key = head.Key ?? NewKey(address, now);
            KeyVersionId id = new(head.NewestId is { } newest ? ids.NextAfter(newest.Value) : ids.Next());
            return planner.Plan(key, isNew: head.Key is null, new NextVersion(id, command.Kid ?? Kid.From(id.Value), command.OaepHash, PreviousKid: null, now));
        }
    }

    /// <summary>Puts a new version into the active slot and retires the old one.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/> when nothing is active, <see cref="KmsErrors.KeyChanged"/> when another version than the expected one is.</exception>
    public Task<TAnswer> RotateAsync<TAnswer>(Caller caller, RotateKeyCommand command, Func<KeyRotation, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
        return metrics.MeasureAsync(
            OperationMetrics.Begin(), OperationNames.RotateKey, command.Key.Algorithm, caller, RotateNowAsync(caller, command, answer, cancellationToken));
    }

    private async Task<TAnswer> RotateNowAsync<TAnswer>(Caller caller, RotateKeyCommand command, Func<KeyRotation, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        KeyAddress address = command.Key.For(caller);

        ((Key Key, KeyVersion Active) found, KeyringEntry tenantKeyEntry) = await store.ReadAsync(
            async session => (Rotatable(await rows.FindActiveAsync(session, address), command.ExpectedVersion), await tenantKeys.FindAsync(session, caller.TenantId)), cancellationToken);
        using NewKeyMaterial pair = await gate.RunAsync(address.Algorithm, () => address.Algorithm.Family.Generate(address.Algorithm, address.Use, opinion), cancellationToken);
        using WrappingKey tenantKey = tenantKeys.Open(tenantKeyEntry);
        VersionPlanner planner = new(sealer, pair, tenantKey, command.Spelling);
        VersionPlan prepared = Plan(found.Key, found.Active);

        return await changes.WriteAsync(
            caller,
            async session =>
            {
                (Key key, KeyVersion old) = Rotatable(await LockActiveAsync(session, address), command.ExpectedVersion);
                VersionPlan plan = key.RowVersion == prepared.Before.RowVersion ? prepared : Plan(key, old);
                DateTimeOffset now = plan.Version.CreatedAt;
                KeyVersion retired = KeyTransitions.Supersede(old, plan.Version.Kid, now);
                await writer.UpdateAsync(session, retired);

                await writer.InsertAsync(session, plan);
                await journal.InsertAsync(session, KeyEvents.About(ids.Next(), now, AuditActor.Of(caller), AuditActions.KeyRotated, plan.Version, before: null));
                await journal.InsertAsync(session, KeyEvents.About(ids.Next(), now, AuditActor.Of(caller), AuditActions.KeyRetired, retired, old, "rotation"));
                return new KeyRotation(plan.Version, retired);
            },
            answer,
            cancellationToken);

        VersionPlan Plan(Key key, KeyVersion old)
        {
            KeyVersionId id = new(ids.NextAfter(old.Id.Value));
            return planner.Plan(key, isNew: false, new NextVersion(id, Kid.From(id.Value), old.OaepHash, old.Kid, time.GetUtcMilliseconds()));
        }
    }

    /// <summary>Retires one version; one that is retired already stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.OnlyActiveKey"/>, <see cref="KmsErrors.KeyRevoked"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public Task<TAnswer> RetireAsync<TAnswer>(Caller caller, RetireKeyCommand command, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
        return metrics.MeasureAsync(
            OperationMetrics.Begin(), OperationNames.RetireKey, command.Key.Algorithm, caller, RetireNowAsync(caller, command, answer, cancellationToken));
    }

    private async Task<TAnswer> RetireNowAsync<TAnswer>(Caller caller, RetireKeyCommand command, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        KeyAddress address = command.Key.For(caller);

        return await changes.WriteAsync(
            caller,
            async session =>
            {
                DateTimeOffset now = time.GetUtcMilliseconds();
                Key? key = await rows.LockKeyAsync(session, address);
                KeyVersion? version = key is null ? null : await rows.FindVersionAsync(session, key, command.Version);

                // A row that was lost is not the same as a key that never was.
                if (key is null)
                    await rows.FindKeyAsync(session, address);

                if (key is null || version is null)
                    throw KmsErrors.KeyVersionNotFound.With($"There is no version {command.Version} of this key.");

                KeyVersion retired = KeyTransitions.Retire(version, command.AllowNoActive, now);
                if (!ReferenceEquals(retired, version))
                    await writer.ReplaceAsync(session, AuditActor.Of(caller), key, version, retired, AuditActions.KeyRetired, reason: null);

                return retired;
            },
            answer,
            cancellationToken);
    }

    /// <summary>Revokes one version for good; one that is revoked already stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public Task<TAnswer> RevokeAsync<TAnswer>(Caller caller, Kid kid, string? reason, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        return metrics.MeasureAsync(
            OperationMetrics.Begin(), OperationNames.RevokeKey, algorithm: null, caller, RevokeNowAsync(caller, kid, reason, answer, cancellationToken));
    }

    private async Task<TAnswer> RevokeNowAsync<TAnswer>(Caller caller, Kid kid, string? reason, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        return await changes.WriteAsync(
            caller,
            async session =>
            {
                (Key key, KeyVersion version) = await rows.LockVersionAsync(session, caller, kid);
                KeyVersion revoked = KeyTransitions.Revoke(version, time.GetUtcMilliseconds());
                if (!ReferenceEquals(revoked, version))
                    await writer.ReplaceAsync(session, AuditActor.Of(caller), key, version, revoked, AuditActions.KeyRevoked, reason);

                return revoked;
            },
            answer,
            cancellationToken);
    }

    private async Task<KeyHead> FindHeadToGenerateAsync(IKmsSession session, KeyAddress address, Kid? kid)
    {
        KeyHead head = await WithNewestAsync(session, await rows.FindKeyAsync(session, address));
        if (kid is { } wanted && await keys.FindVersionAsync(session, address.TenantId, wanted) is not null)
            throw KeyWriter.KidTaken(wanted);

        return head;
    }

    /// <summary>The key, held until the unit ends, if it has no active version.</summary>
    private async Task<KeyHead> LockHeadAsync(IKmsSession session, KeyAddress address) =>
        await WithNewestAsync(session, await rows.LockKeyAsync(session, address) ?? throw new SealBrokenException($"the key of name {address.Name}"));

    // Versions are listed by their ids, newest first, and the one before may be of a node whose clock is ahead of this one's.
    private async Task<KeyHead> WithNewestAsync(IKmsSession session, Key? key)
    {
        if (key is null)
            return default;

        RefuseSecondActive(key);
        return new KeyHead(key, key.NextVersion > 1 ? (await rows.FindVersionAsync(session, key, key.NextVersion - 1))?.Id : null);
    }

    /// <summary>Whether the key is still as the plan found it: not there, and the row is written now; or there and unchanged, and held until the unit ends.</summary>
    private async Task<bool> HoldsAsync(IKmsSession session, VersionPlan plan)
    {
        if (plan.NewKey is { } row)
            return await keys.InsertKeyAsync(session, row);

        return await rows.LockKeyAsync(session, plan.Before.Address) is { } key && key.RowVersion == plan.Before.RowVersion;
    }

    private static void RefuseSecondActive(Key key)
    {
        if (key.ActiveKid is { } active)
            throw KmsErrors.ActiveKeyExists.With($"Key '{active}' is active for {key.Address.Algorithm} ({key.Address.Use.ToWire()}) under the name '{key.Address.Name}': rotate it instead.");
    }

    private Key NewKey(KeyAddress address, DateTimeOffset now) => new()
    {
        Id = new KeyId(ids.Next()),
        Address = address,
        Origin = OwnOrigin,
        Enablement = KeyEnablement.Enabled,
        NextVersion = 1,
        VersionCount = 0,
        RowVersion = 1,
        CreatedAt = now,
    };

    private async Task<(Key Key, KeyVersion Active)?> LockActiveAsync(IKmsSession session, KeyAddress address)
    {
        Key? key = await rows.LockKeyAsync(session, address);
        KeyVersion? active = key is null ? null : await rows.FindActiveVersionAsync(session, key);
        return key is not null && active is not null ? (key, active) : null;
    }

    private static (Key Key, KeyVersion Active) Rotatable((Key Key, KeyVersion Active)? found, int? expected)
    {
        (Key key, KeyVersion active) = found ?? throw KmsErrors.KeyVersionNotFound.With("There is no active key to rotate: generate one.");
        if (key.Enablement != KeyEnablement.Enabled)
            throw KmsErrors.KeyDisabled.Refusal();

        if (expected is { } version && version != active.Version)
            throw KmsErrors.KeyChanged.With($"The active version is {active.Version}, not the expected {version}.");

        return (key, active);
    }

    /// <summary>A key without an active version, and the newest that it had; or neither.</summary>
    private readonly record struct KeyHead(Key? Key, KeyVersionId? NewestId);
}
