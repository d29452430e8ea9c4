using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Cryptography;
using Qkms.Core.Encryption;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Uses;

namespace Qkms.Core.Devices;

/// <summary>
/// The keys of devices: a device encrypts to the public key, and the tenant's server has Qkms decrypt. A device has at most one active key
/// of each algorithm. They are keys like others, of an owner of their own, and limited in time and number.
/// </summary>
internal sealed class DeviceKeys(
    IKmsStore store,
    DeviceRows devices,
    DeviceWriter writer,
    DeviceTurns turns,
    DeviceQuota quota,
    DeviceFailures failures,
    KeyRows rows,
    Changes changes,
    StateChanges states,
    KeyPlanner planner,
    NewKeys newKeys,
    KeyMakers makers,
    KeyGenerationGate gate,
    TenantKeys tenantKeys,
    Cipher cipher,
    OperationMetrics metrics,
    IdGenerator ids,
    DeviceOptions options,
    TimeProvider time)
{
    /// <summary>The longest reason of a revocation: the journal has it behind the device, in one text.</summary>
    public const int MaxReasonLength = 100;

    /// <summary>The valid key of a device, or a new one where it has none.</summary>
    /// <param name="caller">For whom.</param>
    /// <param name="deviceId">The device; it is registered by its first key.</param>
    /// <param name="algorithm">One of <see cref="DeviceRows.Algorithms"/>, and how the request spells it.</param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.TooManyGenerations"/>, <see cref="KmsErrors.QuotaExceeded"/>, <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<DeviceKey>> RegisterAsync(
        Caller caller,
        DeviceId deviceId,
        (KeyAlgorithm Algorithm, string Spelling) algorithm,
        RepeatableRequest? request,
        CancellationToken cancellationToken) =>
        OnceAsync(caller, deviceId, new Wish(algorithm, IsRotation: false), request, cancellationToken);

    /// <summary>A new key of a device; all others are retired, of whatever algorithm.</summary>
    /// <param name="caller">For whom.</param>
    /// <param name="deviceId">The device.</param>
    /// <param name="algorithm">The same; null = that of the device's newest key.</param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">
    /// As above; <see cref="KmsErrors.KeyVersionNotFound"/>: the device never had a key.
    /// </exception>
    public Task<Done<DeviceKey>> RotateAsync(
        Caller caller,
        DeviceId deviceId,
        (KeyAlgorithm Algorithm, string Spelling)? algorithm,
        RepeatableRequest? request,
        CancellationToken cancellationToken) =>
        OnceAsync(caller, deviceId, new Wish(algorithm, IsRotation: true), request, cancellationToken);

    /// <summary>A key of a device in whatever state; null when the device never had it.</summary>
    public async Task<KeyVersion?> FindAsync(Caller caller, DeviceId deviceId, Kid kid, CancellationToken cancellationToken)
    {
        if (!MayTouch(caller))
            return null;

        KeyAndVersion? found = await store.ReadAsync(
            session => rows.FindWithKeyAsync(session, caller.TenantId, kid), cancellationToken);
        if (found?.Version.Address.Owner != KeyOwner.Device(deviceId))
            return null;

        caller.Touch(found.Version);
        return found.Version;
    }

    /// <summary>Decrypts what was encrypted to a key of a device.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.DecryptionFailed"/>, <see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyExpired"/>,
    /// <see cref="KmsErrors.KeyRevoked"/>, <see cref="KmsErrors.KeyDestroyed"/>.
    /// </exception>
    public async Task<Used<SecretBytes>> DecryptAsync(
        Caller caller, DeviceId deviceId, Kid kid, byte[] ciphertext, CancellationToken cancellationToken)
    {
        caller.Asked = new AskedKey(kid);
        if (!MayTouch(caller))
            throw NotFound();

        KeyChoice choice = new()
        {
            Kid = kid,
            Owner = KeyOwner.Device(deviceId),
            DefaultAlgorithm = KeyAlgorithm.Rsa2048,
        };
        try
        {
            Used<SecretBytes> decrypted =
                await cipher.DecryptAsync(caller, choice, EncryptionContext.Empty, ciphertext, cancellationToken);
            failures.Count(caller.TenantId, kid, hasFailed: false);
            return decrypted;
        }
        catch (KmsException refusal) when (refusal.Error == KmsErrors.DecryptionFailed)
        {
            failures.Count(caller.TenantId, kid, hasFailed: true);
            throw;
        }
        catch (KmsException refusal) when (refusal.Error == KmsErrors.KeyVersionNotFound)
        {
            throw NotFound();
        }
        catch (KmsException refusal) when (refusal.Error == KmsErrors.KeyExpired)
        {
            throw KmsErrors.KeyExpired.With($"Encryption key expired (kid '{kid}').", refusal.Details);
        }
    }

    /// <summary>Revokes a key of a device for good; one that is revoked already stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public async Task<Done> RevokeAsync(
        Caller caller, DeviceId deviceId, Kid kid, string? reason, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        return await changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(FindOwnAsync, cancellationToken),
            () => metrics.MeasureAsync(
                OperationMetrics.Begin(),
                OperationNames.RevokeKey,
                algorithm: null,
                caller,
                states.MakeAsync(
                    caller,
                    request,
                    FindOwnAsync,
                    KeyTransitions.Revoke,
                    _ => default(Nothing),
                    JournalActions.KeyRevoked,
                    (_, _) => reason,
                    cancellationToken)),
            cancellationToken);

        Task<KeyAndVersion> FindOwnAsync(IKmsSession session) =>
            MayTouch(caller) ? rows.FindWithKeyAsync(session, caller, KeyOwner.Device(deviceId), kid) : throw NotFound();
    }

    private Task<Done<DeviceKey>> OnceAsync(
        Caller caller, DeviceId deviceId, Wish wish, RepeatableRequest? request, CancellationToken cancellationToken) => changes.OnceAsync(
            caller,
            request,
            () => AdmitAsync(caller, wish),
            () => FindOrGenerateAsync(caller, deviceId, wish, request, cancellationToken),
            cancellationToken);

    private async Task<Done<DeviceKey>> FindOrGenerateAsync(
        Caller caller, DeviceId deviceId, Wish wish, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        RequireDevices(caller, wish);
        using IDisposable turn = await turns.EnterAsync(caller.TenantId, deviceId, cancellationToken);
        DeviceAndKeys found = await store.ReadAsync(
            session => devices.FindAsync(session, caller.TenantId, deviceId), cancellationToken);
        DateTimeOffset now = time.GetUtcMilliseconds();
        if (wish.FindValid(found, now) is { } valid)
        {
            caller.Touch(valid);
            DeviceKey same = new(valid, IsNew: false);
            if (request is null)
                return new Done<DeviceKey>(same, now, IsRepeated: false);

            // Nothing but the answer is kept: the same request gets it again, also when the key has been rotated meanwhile.
            PlannedChange<DeviceKey> nothing = new(same, now, _ => Task.FromResult(true));
            return await changes.WriteAsync(caller, request, nothing, () => Task.FromResult(nothing), cancellationToken);
        }

        return await metrics.MeasureAsync(
            OperationMetrics.Begin(),
            wish.IsRotation ? OperationNames.RotateKey : OperationNames.GenerateKey,
            wish.AlgorithmFor(found).Algorithm,
            caller,
            GenerateAsync(caller, deviceId, wish, found, request, cancellationToken));
    }

    private async Task<Done<DeviceKey>> GenerateAsync(
        Caller caller,
        DeviceId deviceId,
        Wish wish,
        DeviceAndKeys atFirst,
        RepeatableRequest? request,
        CancellationToken cancellationToken)
    {
        // Refuses it before a key is made in vain.
        RequireGeneration(atFirst, time.GetUtcMilliseconds());
        if (atFirst.Device is null)
            await RequireRoomAsync(caller.TenantId, cancellationToken);

        (KeyAlgorithm algorithm, string spelling) = wish.AlgorithmFor(atFirst);
        caller.Budget?.Pay(algorithm.Family.GenerationCostOf(algorithm));
        using NewKeyMaterial pair = await gate.RunAsync(
            algorithm, () => algorithm.Family.Generate(algorithm, KeyUse.Encryption, makers), cancellationToken);
        using WrappingKey tenantKey = await tenantKeys.OpenAsync(caller.TenantId, cancellationToken);
        return await changes.WriteAsync(
            caller, request, Plan(atFirst), async () => Plan(await store.ReadAsync(ReadAsync, cancellationToken)), cancellationToken);

        Task<DeviceAndKeys> ReadAsync(IKmsSession session) => devices.FindAsync(session, caller.TenantId, deviceId);

        PlannedChange<DeviceKey> Plan(DeviceAndKeys found)
        {
            DateTimeOffset now = time.GetUtcMilliseconds();
            if (wish.FindValid(found, now) is { } valid)
                return new PlannedChange<DeviceKey>(new DeviceKey(valid, IsNew: false), now, _ => Task.FromResult(true));

            RequireGeneration(found, now);
            DateTimeOffset at = found.Device?.NextGeneration(now) ?? now;
            KeyVersion? before = found.Of(algorithm)?.Version;
            Key key = found.Of(algorithm)?.Key
                ?? newKeys.Make(DeviceRows.AddressOf(caller.TenantId, deviceId, algorithm), at);
            KeyVersionId id = new(before is null ? ids.Next() : ids.NextAfter(before.Id.Value));
            NextVersion next = new(
                id,
                Kid.From(id.Value),
                spelling,
                algorithm.Family.TakesOaepHash(KeyUse.Encryption) ? options.OaepHash : null,
                PreviousKid: before?.State == KeyState.Active ? before.Kid : null,
                at,
                LimitsFrom(at),
                RotationPeriod: null);
            KeyVersion version = next.Of(key, pair);
            caller.Touch(version);
            KeyMaterial material = PrivateKeyWrap.Wrap(tenantKey, version, pair.Format, pair.PrivateKey);
            JournalActor actor = JournalActor.Of(caller);
            KeyPlan added = before?.State == KeyState.Active
                ? planner.Rotate(actor, key, before, Retained(KeyTransitions.Supersede(before, version.Kid, at)), version, material)
                : planner.Add(actor, key, before, version, material);
            KeyPlan[] retired = wish.IsRotation
                ? [.. found.Newest.Where(other => IsOtherActive(other, algorithm)).Select(other => Retire(actor, other, at))]
                : [];
            return new PlannedChange<DeviceKey>(
                new DeviceKey(version, IsNew: true),
                at,
                session => writer.TryWriteAsync(session, caller.TenantId, deviceId, found, at, [added, .. retired]));
        }
    }

    private Task<bool> RequireRoomAsync(TenantId tenantId, CancellationToken cancellationToken) => store.ReadAsync(
        async session =>
        {
            await quota.RequireRoomAsync(session, tenantId);
            return true;
        },
        cancellationToken);

    private KeyPlan Retire(JournalActor actor, KeyAndVersion found, DateTimeOffset at) => planner.Change(
        actor,
        found.Key,
        found.Version,
        Retained(KeyTransitions.Retire(found.Version, allowNoActive: true, at)),
        JournalActions.KeyRetired,
        "rotation");

    private static bool IsOtherActive(KeyAndVersion found, KeyAlgorithm algorithm) =>
        found.Version.State == KeyState.Active && found.Version.Algorithm != algorithm;

    // What was encrypted to a key is decrypted until the key expires; once it is retired, as long as retired keys are kept.
    private KeyLimits LimitsFrom(DateTimeOffset at) => new()
    {
        ExpiresAt = at + options.KeyLifetime,
        ProcessUntil = at + options.KeyLifetime,
    };

    private KeyVersion Retained(KeyVersion retired) => retired with { ProcessUntil = retired.RetiredAt + options.Retention };

    private void RequireGeneration(DeviceAndKeys found, DateTimeOffset now)
    {
        if (found.Device?.WaitFor(options.GenerationsPerDay, now) is { } wait)
            throw KmsErrors.TooManyGenerations.RetryAfter(wait);
    }

    // By its owner too: an API key that is limited to names of keys has nothing to do with devices, whose keys have none.
    private static bool MayTouch(Caller caller) => caller.Access.Scope.IsAll;

    // What is asked to be there is not there for it; to make something is refused by name.
    private static void RequireDevices(Caller caller, Wish wish)
    {
        if (MayTouch(caller))
            return;

        throw wish.IsRotation
            ? NotFound()
            : KmsErrors.NotPermitted.With("This API key is limited to key names: it may not register devices.");
    }

    private static Task AdmitAsync(Caller caller, Wish wish)
    {
        RequireDevices(caller, wish);
        return Task.CompletedTask;
    }

    private static KmsException NotFound() => KmsErrors.KeyVersionNotFound.With("Encryption key not found.");

    /// <summary>What is asked for.</summary>
    /// <param name="Algorithm">The algorithm, and how the request spells it; null = that of the device's newest key.</param>
    /// <param name="IsRotation">Whether a new key is wanted though there is a valid one.</param>
    private sealed record Wish((KeyAlgorithm Algorithm, string Spelling)? Algorithm, bool IsRotation)
    {
        public (KeyAlgorithm Algorithm, string Spelling) AlgorithmFor(DeviceAndKeys found)
        {
            if (IsRotation && found.Newest.Count == 0)
                throw NotFound();

            KeyAlgorithm newest = found.NewestAlgorithm ?? DeviceRows.Algorithms[0];
            return Algorithm ?? (newest, newest.Name);
        }

        public KeyVersion? FindValid(DeviceAndKeys found, DateTimeOffset now) =>
            !IsRotation
            && found.Of(AlgorithmFor(found).Algorithm) is { } newest
            && KeyStateRules.Refusal(newest, KeyOperation.Encrypt, now) is null ? newest.Version : null;
    }
}
