using Qkms.Core.Audit;
using Qkms.Core.Materials;
using Qkms.Core.Persistence;
using Qkms.Core.Protection;

namespace Qkms.Core.Keys;

/// <summary>
/// The changes in the life of keys. Each is one write: the rows and the journal entry are committed together or not at all. Key pairs
/// are made before the write begins, behind a gate and after a cheap check that the work is not in vain.
/// </summary>
public sealed class KeyLifecycle(
    IKmsStore store,
    RowSealer sealer,
    KeyRows rows,
    KeyMaterialFactory factory,
    KeyGenerationGate gate,
    TenantKeys tenantKeys,
    KeyStates states,
    MaterialCache materials,
    IdGenerator ids,
    TimeProvider time)
{
    private const string OwnOrigin = "qkms";

    /// <summary>Makes the first version of a key, or the next one of a key that has no active version.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.ActiveKeyExists"/>, <see cref="KmsErrors.KeyChanged"/> when the kid is taken.</exception>
    public async Task<KeyVersion> GenerateAsync(Caller caller, GenerateKeyCommand command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
        KeyAddress address = command.Key.For(caller);

        await CheckCanGenerateAsync(address, command.Kid, cancellationToken);
        using NewKeyMaterial pair = await gate.RunAsync(() => factory.Create(address.Algorithm, address.Use), cancellationToken);
        using WrappingKey tenantKey = await tenantKeys.OpenAsync(caller.TenantId, cancellationToken);

        return await store.WriteAsync(
            async session =>
            {
                DateTimeOffset now = time.GetUtcMilliseconds();
                Key key = await LockOrAddKeyAsync(session, address, now);
                RefuseSecondActive(key);
                NewVersion plan = new(command.Kid, command.Spelling, command.OaepHash, PreviousKid: null);
                KeyVersion version = await AddVersionAsync(session, key, plan, pair, tenantKey, now);
                await session.Audit.InsertAsync(KeyEvents.About(ids.Next(), now, caller, AuditActions.KeyGenerated, version, from: null));
                return version;
            },
            cancellationToken);
    }

    /// <summary>Puts a new version into the active slot and retires the old one.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/> when nothing is active, <see cref="KmsErrors.KeyChanged"/> when another version than the expected one is.</exception>
    public async Task<KeyRotation> RotateAsync(Caller caller, RotateKeyCommand command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
        KeyAddress address = command.Key.For(caller);

        await store.ReadAsync(async session => Rotatable(await rows.FindActiveAsync(session, address), command.ExpectedVersion), cancellationToken);
        using NewKeyMaterial pair = await gate.RunAsync(() => factory.Create(address.Algorithm, address.Use), cancellationToken);
        using WrappingKey tenantKey = await tenantKeys.OpenAsync(caller.TenantId, cancellationToken);

        return await store.WriteAsync(
            async session =>
            {
                DateTimeOffset now = time.GetUtcMilliseconds();
                (Key key, KeyVersion old) = Rotatable(await LockActiveAsync(session, address), command.ExpectedVersion);
                KeyVersionId id = new(ids.Next());
                Kid kid = Kid.From(id.Value);
                KeyVersion retired = KeyTransitions.Supersede(old, kid, now);
                await UpdateAsync(session, retired);

                NewVersion plan = new(kid, command.Spelling, old.OaepHash, old.Kid) { Id = id };
                KeyVersion version = await AddVersionAsync(session, key, plan, pair, tenantKey, now);
                await session.Audit.InsertAsync(KeyEvents.About(ids.Next(), now, caller, AuditActions.KeyRotated, version, from: null));
                await session.Audit.InsertAsync(KeyEvents.About(ids.Next(), now, caller, AuditActions.KeyRetired, retired, old.State, "rotation"));
                return new KeyRotation(version, retired);
            },
            cancellationToken);
    }

    /// <summary>Retires one version; one that is retired already stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.OnlyActiveKey"/>, <see cref="KmsErrors.KeyRevoked"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public async Task<KeyVersion> RetireAsync(Caller caller, RetireKeyCommand command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
        KeyAddress address = command.Key.For(caller);

        return await store.WriteAsync(
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
                    await ReplaceAsync(session, caller, key, version, retired, AuditActions.KeyRetired, reason: null);

                return retired;
            },
            cancellationToken);
    }

    /// <summary>Revokes one version for good; one that is revoked already stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public async Task<KeyVersion> RevokeAsync(Caller caller, Kid kid, string? reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);

        return await store.WriteAsync(
            async session =>
            {
                DateTimeOffset now = time.GetUtcMilliseconds();
                KeyVersion? found = await rows.FindVersionAsync(session, caller.TenantId, kid);
                if (found is null || !caller.Access.Covers(found.Address.Name))
                    throw KmsErrors.KeyVersionNotFound.Refusal();

                // The key's row is locked before anything of it is decided; what was read before that may have changed.
                Key key = await rows.LockKeyOfAsync(session, found);
                KeyVersion version = await rows.FindVersionAsync(session, caller.TenantId, kid) ?? throw new SealBrokenException(found.LogName);
                KeyVersion revoked = KeyTransitions.Revoke(version, now);
                if (!ReferenceEquals(revoked, version))
                    await ReplaceAsync(session, caller, key, version, revoked, AuditActions.KeyRevoked, reason);

                return revoked;
            },
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

    private async Task<Key> LockOrAddKeyAsync(IKmsSession session, KeyAddress address, DateTimeOffset now)
    {
        if (await rows.LockKeyAsync(session, address) is { } existing)
            return existing;

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

        // Refused only when another node added it since the look above; then that one is it.
        return await session.Keys.InsertKeyAsync(sealer.Seal(key))
            ? key
            : await rows.LockKeyAsync(session, address) ?? throw new SealBrokenException(key.LogName);
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

    private async Task<KeyVersion> AddVersionAsync(IKmsSession session, Key key, NewVersion plan, NewKeyMaterial pair, WrappingKey tenantKey, DateTimeOffset now)
    {
        KeyVersionId id = plan.Id ?? new KeyVersionId(ids.Next());
        KeyVersion version = new()
        {
            Id = id,
            KeyId = key.Id,
            Address = key.Address,
            Kid = plan.Kid ?? Kid.From(id.Value),
            Version = key.NextVersion,
            Spelling = plan.Spelling,
            State = KeyState.Active,
            OaepHash = plan.OaepHash,
            PublicKey = pair.PublicKey,
            PreviousKid = plan.PreviousKid,
            CreatedAt = now,
        };
        if (!await session.Keys.InsertVersionAsync(sealer.Seal(version), KeyWrapper.Wrap(tenantKey, version, pair.Format, pair.PrivateKey)))
            throw KidTaken(version.Kid);

        session.OnCommitted(() => states.Forget(version));
        await UpdateAsync(session, key with { ActiveKid = version.Kid, NextVersion = key.NextVersion + 1, VersionCount = key.VersionCount + 1 });
        return version;
    }

    private async Task ReplaceAsync(IKmsSession session, Caller caller, Key key, KeyVersion before, KeyVersion after, string action, string? reason)
    {
        await UpdateAsync(session, after);
        if (key.ActiveKid == before.Kid)
            await UpdateAsync(session, key with { ActiveKid = null });

        await session.Audit.InsertAsync(KeyEvents.About(ids.Next(), time.GetUtcMilliseconds(), caller, action, after, before.State, reason));
    }

    private async Task UpdateAsync(IKmsSession session, KeyVersion version)
    {
        if (!await session.Keys.UpdateVersionAsync(sealer.Seal(version)))
            throw new SealBrokenException(version.LogName);

        session.OnCommitted(() => Forget(version));
    }

    private async Task UpdateAsync(IKmsSession session, Key key)
    {
        if (!await session.Keys.UpdateKeyAsync(sealer.Seal(key with { RowVersion = key.RowVersion + 1 })))
            throw new SealBrokenException(key.LogName);
    }

    // The next request on this node sees the change, and a key that nobody may use any more is not kept in memory either.
    private void Forget(KeyVersion version)
    {
        states.Forget(version);
        if (version.State is KeyState.Revoked or KeyState.Destroyed)
            materials.Drop(version.Id);
    }

    private static KmsException KidTaken(Kid kid) => KmsErrors.KeyChanged.With($"There is a key version with the kid '{kid}' already.", new FieldError("kid", "taken"));

    private sealed record NewVersion(Kid? Kid, string Spelling, string? OaepHash, Kid? PreviousKid)
    {
        public KeyVersionId? Id { get; init; }
    }
}
