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
/// The changes in the life of keys. Each is one write: the rows, the journal entry and the result that is kept for a repeated request are
/// committed together or not at all. Key pairs are made before the write begins, behind a gate and after a cheap check that the work is not
/// in vain; so is everything that is written.
/// </summary>
internal sealed class KeyLifecycle(
    IKmsStore store,
    IKeyRepository keys,
    Changes changes,
    StateChanges states,
    KeyRows rows,
    MissingKeys missing,
    KeyPlanner planner,
    NewKeys newKeys,
    KeyQuota quota,
    KeyWriter writer,
    KeyMakers makers,
    KeyGenerationGate gate,
    TenantKeys tenantKeys,
    OperationMetrics metrics,
    IdGenerator ids,
    TimeProvider time)
{
    /// <summary>Makes the first version of a key, or the next one of a key that has no active version.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.ActiveKeyExists"/>, <see cref="KmsErrors.KeyChanged"/> when the
    /// kid is taken, <see cref="KmsErrors.QuotaExceeded"/>; <see cref="KmsErrors.KeyDisabled"/> and <see cref="KmsErrors.KeyDestroyed"/>
    /// of the key as a whole.</exception>
    public Task<Done<KeyVersion>> GenerateAsync(
        Caller caller, GenerateKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken) =>
        changes.OnceAsync(
            caller,
            request,
            () => AdmitAsync(() => command.Key.ForNew(caller)),
            () => metrics.MeasureAsync(
                OperationMetrics.Begin(),
                OperationNames.GenerateKey,
                command.Key.Algorithm,
                caller,
                GenerateNowAsync(caller, command, request, cancellationToken)),
            cancellationToken);

    // Asked by its name, which the request says; nothing has to be read.
    private static Task AdmitAsync(Func<KeyAddress> admit)
    {
        _ = admit();
        return Task.CompletedTask;
    }

    private async Task<Done<KeyVersion>> GenerateNowAsync(
        Caller caller, GenerateKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        KeyAddress address = command.Key.ForNew(caller);

        // Refuses them before a key is made in vain.
        _ = KeyLimits.None.With(command.Limits, time.GetUtcMilliseconds());

        (KeyAndVersion? head, KeyringEntry tenantKeyEntry) = await store.ReadAsync(
            async session =>
            {
                KeyAndVersion? head = await FindHeadAsync(session, address, command.Kid);
                await quota.RequireRoomAsync(session, caller.TenantId, head?.Key);
                return (head, await tenantKeys.FindAsync(session, caller.TenantId));
            },
            cancellationToken);
        caller.Budget?.Pay(address.Algorithm.Family.GenerationCostOf(address.Algorithm));
        using NewKeyMaterial pair = await gate.RunAsync(address.Algorithm, () => Generate(address), cancellationToken);
        using WrappingKey tenantKey = tenantKeys.Open(tenantKeyEntry);

        return await changes.WriteAsync(
            caller,
            request,
            Plan(head),
            async () => Plan(await store.ReadAsync(session => FindHeadAsync(session, address, command.Kid), cancellationToken)),
            cancellationToken);

        PlannedChange<KeyVersion> Plan(KeyAndVersion? head)
        {
            DateTimeOffset now = time.GetUtcMilliseconds();
            Key key = head?.Key ?? newKeys.Make(address, now, command.Id, command.Description);

            // Versions are listed by their ids, newest first, and the one before may be of a node whose clock is ahead of this one's.
            KeyVersionId id = new(head is null ? ids.Next() : ids.NextAfter(head.Version.Id.Value));
            NextVersion next = new(
                id,
                command.Kid ?? Kid.From(id.Value),
                command.Spelling,
                command.OaepHash,
                PreviousKid: null,
                now,
                KeyLimits.None.With(command.Limits, now),
                command.Limits.RotationPeriod.Or(key.RotationPeriod));
            KeyVersion version = next.Of(key, pair);
            caller.Touch(version);
            KeyMaterial material = PrivateKeyWrap.Wrap(tenantKey, version, pair.Format, pair.PrivateKey);
            JournalActor actor = JournalActor.Of(caller);
            KeyPlan plan = planner.Add(actor, key, head?.Version, version, material);
            if (head is null && command.Tags is { Count: > 0 } tags)
                plan = planner.Tag(actor, plan, tags);

            return new PlannedChange<KeyVersion>(version, now, session => writer.TryWriteAsync(session, plan));
        }
    }

    /// <summary>
    /// Puts a new version into the active slot and retires the old one. Where none is active, the newest becomes the one before it, and
    /// keeps its state.
    /// </summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/> when there is no key, <see cref="KmsErrors.KeyChanged"/>
    /// when another version than the expected one is, <see cref="KmsErrors.QuotaExceeded"/>.</exception>
    public Task<Done<KeyRotation>> RotateAsync(
        Caller caller, RotateKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken) =>
        changes.OnceAsync(
            caller,
            request,
            () => AdmitAsync(() => command.Key.For(caller)),
            () => metrics.MeasureAsync(
                OperationMetrics.Begin(),
                OperationNames.RotateKey,
                command.Key.Algorithm,
                caller,
                RotateNowAsync(caller, command, request, cancellationToken)),
            cancellationToken);

    private async Task<Done<KeyRotation>> RotateNowAsync(
        Caller caller, RotateKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        KeyAddress address = command.Key.For(caller);

        (KeyAndVersion found, KeyringEntry tenantKeyEntry) = await store.ReadAsync(
            async session =>
            {
                KeyAndVersion found = await FindRotatableAsync(session);
                await quota.RequireRoomAsync(session, caller.TenantId, found.Key);
                return (found, await tenantKeys.FindAsync(session, caller.TenantId));
            },
            cancellationToken);
        _ = LimitsAfter(found.Version, command.Limits, time.GetUtcMilliseconds());
        caller.Budget?.Pay(address.Algorithm.Family.GenerationCostOf(address.Algorithm));
        using NewKeyMaterial pair = await gate.RunAsync(address.Algorithm, () => Generate(address), cancellationToken);
        using WrappingKey tenantKey = tenantKeys.Open(tenantKeyEntry);

        return await changes.WriteAsync(
            caller,
            request,
            Plan(found),
            async () => Plan(await store.ReadAsync(FindRotatableAsync, cancellationToken)),
            cancellationToken);

        async Task<KeyAndVersion> FindRotatableAsync(IKmsSession session) =>
            await rows.FindActiveAsync(session, address) is { } found ? Rotatable(found, command.ExpectedVersion)
            : await rows.FindNewestAsync(session, address) is { } newest
                ? Rotatable(new KeyAndVersion(newest.Key, newest.Newest), command.ExpectedVersion)
            : throw await missing.RefusalAsync(session, new MissingKey(address));

        PlannedChange<KeyRotation> Plan(KeyAndVersion found)
        {
            (Key key, KeyVersion old) = found;
            DateTimeOffset now = time.GetUtcMilliseconds();
            KeyVersionId id = new(ids.NextAfter(old.Id.Value));
            NextVersion next = new(
                id,
                Kid.From(id.Value),
                command.Spelling,
                old.OaepHash,
                old.Kid,
                now,
                LimitsAfter(old, command.Limits, now),
                command.Limits.RotationPeriod.Or(key.RotationPeriod))
            {
                Labels = old.Labels,
            };
            KeyVersion version = next.Of(key, pair);
            caller.Touch(version);
            KeyVersion retired = KeyTransitions.Supersede(old, version.Kid, now);
            KeyMaterial material = PrivateKeyWrap.Wrap(tenantKey, version, pair.Format, pair.PrivateKey);
            KeyPlan plan = planner.Rotate(JournalActor.Of(caller), key, old, retired, version, material);
            return new PlannedChange<KeyRotation>(new KeyRotation(version, retired), now, session => writer.TryWriteAsync(session, plan));
        }
    }

    // A successor has the limits of the version before it, unless the request says otherwise (A-20).
    private static KeyLimits LimitsAfter(KeyVersion old, KeyLimitChanges changes, DateTimeOffset now) =>
        old.Limits.MirroredTo(old.CreatedAt, now).With(changes, now);

    /// <summary>Retires one version; one that is retired already stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.OnlyActiveKey"/>,
    /// <see cref="KmsErrors.KeyRevoked"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public Task<Done<KeyVersion>> RetireAsync(
        Caller caller, RetireKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken) =>
        changes.OnceAsync(
            caller,
            request,
            () => AdmitAsync(() => command.Key.For(caller, command.Version)),
            () => metrics.MeasureAsync(
                OperationMetrics.Begin(),
                OperationNames.RetireKey,
                command.Key.Algorithm,
                caller,
                RetireNowAsync(caller, command, request, cancellationToken)),
            cancellationToken);

    private async Task<Done<KeyVersion>> RetireNowAsync(
        Caller caller, RetireKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        KeyAddress address = command.Key.For(caller, command.Version);

        return await states.MakeAsync(
            caller,
            request,
            async session => await rows.FindWithKeyAsync(session, address, command.Version)
                ?? throw await missing.RefusalAsync(session, new MissingKey(address, command.Version)),
            (version, now) => KeyTransitions.Retire(version, command.AllowNoActive, now),
            retired => retired,
            JournalActions.KeyRetired,
            (_, _) => null,
            cancellationToken);
    }

    /// <summary>Revokes one version for good; one that is revoked already stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public async Task<Done> RevokeAsync(
        Caller caller, Kid kid, string? reason, RepeatableRequest? request, CancellationToken cancellationToken) =>
        await changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => rows.FindWithKeyAsync(session, caller, kid), cancellationToken),
            () => metrics.MeasureAsync(
                OperationMetrics.Begin(),
                OperationNames.RevokeKey,
                algorithm: null,
                caller,
                states.MakeAsync(
                    caller,
                    request,
                    session => rows.FindWithKeyAsync(session, caller, kid),
                    KeyTransitions.Revoke,
                    _ => default(Nothing),
                    JournalActions.KeyRevoked,
                    (_, _) => reason,
                    cancellationToken)),
            cancellationToken);

    /// <summary>
    /// The key to generate a version of, with its newest one, if none is active and the kid is free; null when it is still to be made.
    /// </summary>
    private async Task<KeyAndVersion?> FindHeadAsync(IKmsSession session, KeyAddress address, Kid? kid)
    {
        KeyAndVersion? head = await rows.FindWithNewestAsync(session, address);
        if (head is not null)
        {
            KeyTransitions.RequireEnabled(head.Key);
            NewKeys.RefuseSecondActive(head.Key);
        }

        if (kid is { } wanted && await keys.FindWithKeyAsync(session, address.TenantId, wanted) is not null)
            throw KeyWriter.KidTaken(wanted);

        return head;
    }

    private NewKeyMaterial Generate(KeyAddress address) => address.Algorithm.Family.Generate(address.Algorithm, address.Use, makers);

    private static KeyAndVersion Rotatable(KeyAndVersion found, int? expected)
    {
        (Key key, KeyVersion last) = found;
        KeyTransitions.RequireEnabled(key);
        if (expected is { } version && version != last.Version)
            throw KmsErrors.KeyChanged.With(
                $"The {(last.State == KeyState.Active ? "active" : "newest")} version is {last.Version}, not the expected {version}.");

        return found;
    }
}
