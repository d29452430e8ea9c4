using Qkms.Core.Audit;
using Qkms.Core.Idempotency;
using Qkms.Core.Persistence;
using Qkms.Core.Protection;

namespace Qkms.Core.Keys;

/// <summary>
/// The changes in the life of keys. Each is one write: the rows and the journal entry are committed together or not at all. Key pairs
/// are made before the write begins, behind a gate and after a cheap check that the work is not in vain. What the caller is answered is
/// made of the result inside the unit, because it may have to be kept with it.
/// </summary>
public sealed class KeyLifecycle(
    IKmsStore store,
    Changes changes,
    RowSealer sealer,
    KeyRows rows,
    KeyWriter writer,
    KeyMaterialFactory factory,
    KeyGenerationGate gate,
    TenantKeys tenantKeys,
    IdGenerator ids,
    TimeProvider time)
{
    private const string OwnOrigin = "qkms";

    /// <summary>Makes the first version of a key, or the next one of a key that has no active version.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.ActiveKeyExists"/>, <see cref="KmsErrors.KeyChanged"/> when the kid is taken.</exception>
    public async Task<TAnswer> GenerateAsync<TAnswer>(Caller caller, GenerateKeyCommand command, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
        KeyAddress address = command.Key.For(caller);

        await CheckCanGenerateAsync(address, command.Kid, cancellationToken);
        using NewKeyMaterial pair = await gate.RunAsync(() => factory.Create(address.Algorithm, address.Use), cancellationToken);
        using WrappingKey tenantKey = await tenantKeys.OpenAsync(caller.TenantId, cancellationToken);

        return await changes.WriteAsync(
            caller,
            async session =>
            {
                DateTimeOffset now = time.GetUtcMilliseconds();
                Key key = await AddOrLockKeyAsync(session, address, now);
                NewVersion plan = new(await NextIdAsync(session, key), command.Kid, command.Spelling, command.OaepHash, PreviousKid: null);
                KeyVersion version = await AddVersionAsync(session, key, plan, pair, tenantKey, now);
                await session.Audit.InsertAsync(KeyEvents.About(ids.Next(), now, AuditActor.Of(caller), AuditActions.KeyGenerated, version, before: null));
                return version;
            },
            answer,
            cancellationToken);
    }

    /// <summary>Puts a new version into the active slot and retires the old one.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/> when nothing is active, <see cref="KmsErrors.KeyChanged"/> when another version than the expected one is.</exception>
    public async Task<TAnswer> RotateAsync<TAnswer>(Caller caller, RotateKeyCommand command, Func<KeyRotation, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
        KeyAddress address = command.Key.For(caller);

        await store.ReadAsync(async session => Rotatable(await rows.FindActiveAsync(session, address), command.ExpectedVersion), cancellationToken);
        using NewKeyMaterial pair = await gate.RunAsync(() => factory.Create(address.Algorithm, address.Use), cancellationToken);
        using WrappingKey tenantKey = await tenantKeys.OpenAsync(caller.TenantId, cancellationToken);

        return await changes.WriteAsync(
            caller,
            async session =>
            {
                DateTimeOffset now = time.GetUtcMilliseconds();
                (Key key, KeyVersion old) = Rotatable(await LockActiveAsync(session, address), command.ExpectedVersion);
                NewVersion plan = new(new KeyVersionId(ids.NextAfter(old.Id.Value)), Kid: null, command.Spelling, old.OaepHash, old.Kid);
                KeyVersion retired = KeyTransitions.Supersede(old, plan.NewKid, now);
                await writer.UpdateAsync(session, retired);

                KeyVersion version = await AddVersionAsync(session, key, plan, pair, tenantKey, now);
                await session.Audit.InsertAsync(KeyEvents.About(ids.Next(), now, AuditActor.Of(caller), AuditActions.KeyRotated, version, before: null));
                await session.Audit.InsertAsync(KeyEvents.About(ids.Next(), now, AuditActor.Of(caller), AuditActions.KeyRetired, retired, old, "rotation"));
                return new KeyRotation(version, retired);
            },
            answer,
            cancellationToken);
    }

    /// <summary>Retires one version; one that is retired already stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.OnlyActiveKey"/>, <see cref="KmsErrors.KeyRevoked"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public async Task<TAnswer> RetireAsync<TAnswer>(Caller caller, RetireKeyCommand command, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
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
    public async Task<TAnswer> RevokeAsync<TAnswer>(Caller caller, Kid kid, string? reason, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);

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

    private async Task CheckCanGenerateAsync(KeyAddress address, Kid? kid, CancellationToken cancellationToken)
    {
        await store.ReadAsync(
            async session =>
            {
                if (await rows.FindKeyAsync(session, address) is { } key)
                    RefuseSecondActive(key);

                if (kid is { } wanted && await session.Keys.FindVersionAsync(address.TenantId, wanted) is not null)
                    throw KidTaken(wanted);

                return true;
            },
            cancellationToken);
    }

    private static void RefuseSecondActive(Key key)
    {
        if (key.ActiveKid is { } active)
            throw KmsErrors.ActiveKeyExists.With($"Key '{active}' is active for {key.Address.Algorithm} ({key.Address.Use.ToWire()}) under the name '{key.Address.Name}': rotate it instead.");
    }

    /// <summary>A new key, or the one that is there, held until the unit ends, if it has no active version.</summary>
    private async Task<Key> AddOrLockKeyAsync(IKmsSession session, KeyAddress address, DateTimeOffset now)
    {
        Key key = new()
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

        // Most are new, so it is not looked for first.
        if (await session.Keys.InsertKeyAsync(sealer.Seal(key)))
            return key;

        Key existing = await rows.LockKeyAsync(session, address) ?? throw new SealBrokenException(key.LogName);
        RefuseSecondActive(existing);
        return existing;
    }

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

    // Versions are listed by their ids, newest first, and the one before may be of a node whose clock is ahead of this one's.
    private async Task<KeyVersionId> NextIdAsync(IKmsSession session, Key key) =>
        new(key.NextVersion > 1 && await rows.FindVersionAsync(session, key, key.NextVersion - 1) is { } newest ? ids.NextAfter(newest.Id.Value) : ids.Next());

    private async Task<KeyVersion> AddVersionAsync(IKmsSession session, Key key, NewVersion plan, NewKeyMaterial pair, WrappingKey tenantKey, DateTimeOffset now)
    {
        KeyVersion version = new()
        {
            Id = plan.Id,
            KeyId = key.Id,
            Address = key.Address,
            Kid = plan.NewKid,
            Version = key.NextVersion,
            Spelling = plan.Spelling,
            State = KeyState.Active,
            OaepHash = plan.OaepHash,
            PublicKey = pair.PublicKey,
            PreviousKid = plan.PreviousKid,
            CreatedAt = now,
        };
        if (!await writer.InsertAsync(session, version, KeyWrapper.Wrap(tenantKey, version, pair.Format, pair.PrivateKey)))
            throw KidTaken(version.Kid);

        await writer.UpdateAsync(session, key with { ActiveKid = version.Kid, NextVersion = key.NextVersion + 1, VersionCount = key.VersionCount + 1 });
        return version;
    }

    private static KmsException KidTaken(Kid kid) => KmsErrors.KeyChanged.With($"There is a key version with the kid '{kid}' already.", new FieldError("kid", "taken"));

    private sealed record NewVersion(KeyVersionId Id, Kid? Kid, string Spelling, string? OaepHash, Kid? PreviousKid)
    {
        public Kid NewKid => Kid ?? Keys.Kid.From(Id.Value);
    }
}
