using System.Diagnostics;
using Qkms.Core.Callers;
using Qkms.Core.Errors;
using Qkms.Core.Keys;
using Qkms.Core.Names;
using Qkms.Core.Sealing;
using Qkms.Core.Telemetry;
using Qkms.Core.Time;

namespace Qkms.Core.Uses;

/// <summary>
/// Finds the key version that an operation uses, and refuses what may not be used: for every operation the same steps in the same
/// order: resolve, state, use and algorithm.
/// </summary>
public sealed class KeyResolver(KeyStates states, TimeProvider time)
{
    /// <summary>The version that <paramref name="choice"/> means, fit for <paramref name="operation"/>.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.NotPermitted"/>, <see cref="KmsErrors.Invalid"/> when a kid and
    /// other members disagree, <see cref="KmsErrors.WrongOperation"/>, or what <see cref="KeyStateRules"/> says.
    /// </exception>
    public async ValueTask<ChosenKey> ChooseAsync(Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(choice);
        using Activity? span = KmsActivities.Start(KmsActivities.ChooseKey);
        KeyAndVersion found = await ResolveAsync(caller, choice, operation, cancellationToken);
        KeyAndVersion used = found;
        if (Follows(choice, operation, found.Version))
        {
            used = await FindEndOfChainAsync(caller.TenantId, found, cancellationToken);
            caller.RequireKey(used.Version.Address.Name);
        }

        Check(used, operation);
        return new ChosenKey(used.Version, ReferenceEquals(used, found) ? null : found.Version.Kid);
    }

    /// <summary>The version with an internal id, fit for <paramref name="operation"/>; null when there is none that the caller may know of.</summary>
    /// <exception cref="KmsException">What <see cref="KeyStateRules"/> says, or <see cref="KmsErrors.WrongOperation"/>.</exception>
    public async ValueTask<KeyVersion?> FindAsync(Caller caller, KeyVersionId versionId, KeyOperation operation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        using Activity? span = KmsActivities.Start(KmsActivities.ChooseKey);
        KeyAndVersion? found = await states.FindAsync(caller.TenantId, versionId, cancellationToken);
        if (found is null || !caller.Access.Covers(found.Version.Address.Name))
            return null;

        Check(found, operation);
        return found.Version;
    }

    private async ValueTask<KeyAndVersion> ResolveAsync(Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        if (choice.Kid is { } kid)
        {
            // A kid says nothing of its name, so one outside the API key's narrowing is as absent as one that does not exist.
            KeyAndVersion? named = await states.FindAsync(caller.TenantId, kid, cancellationToken);
            if (named is null || !caller.Access.Covers(named.Version.Address.Name))
                throw KmsErrors.KeyVersionNotFound.Refusal();

            RequireAgreement(choice, named.Version);
            return named;
        }

        KeyAddress address = choice.ToSelector(operation.Use()).For(caller);
        return choice.Version is { } number
            ? await states.FindAsync(address, number, cancellationToken) ?? throw KmsErrors.KeyVersionNotFound.Refusal()
            : await states.FindActiveAsync(address, cancellationToken) ?? throw KmsErrors.KeyVersionNotFound.With("There is no active key: generate one.");
    }

    private static void RequireAgreement(KeyChoice choice, KeyVersion version)
    {
        List<FieldError> disagreements = [];
        if (choice.Version is { } number && number != version.Version)
            disagreements.Add(new FieldError($"{choice.FieldPrefix}key_version", "does not match this kid"));

        if (choice.Algorithm is { } algorithm && algorithm != version.Algorithm)
            disagreements.Add(new FieldError($"{choice.FieldPrefix}algorithm", "does not match this kid"));

        if (choice.Name is { } name && name != version.Address.Name)
            disagreements.Add(new FieldError($"{choice.FieldPrefix}name", "does not match this kid"));

        if (disagreements.Count > 0)
            throw KmsErrors.Invalid.With("The kid and other members name different keys.", disagreements);
    }

    private static bool Follows(KeyChoice choice, KeyOperation operation, KeyVersion version) =>
        choice is { Kid: not null, FollowSuccessors: true } && operation.Creates() && version is { State: KeyState.Retired, DestroyAt: null, NextKid: not null };

    private async ValueTask<KeyAndVersion> FindEndOfChainAsync(TenantId tenantId, KeyAndVersion start, CancellationToken cancellationToken)
    {
        KeyAndVersion end = start;
        while (end.Version.NextKid is { } next)
            end = await states.FindAsync(tenantId, next, cancellationToken) ?? throw new SealBrokenException($"key version {next}");

        return end;
    }

    private void Check(KeyAndVersion used, KeyOperation operation)
    {
        KeyVersion version = used.Version;
        if (KeyStateRules.Refusal(used, operation, time.GetUtcMilliseconds()) is { } refusal)
            throw Refuse(refusal, version);

        if (!operation.IsFor(version.Algorithm.Family, version.Use))
            throw KmsErrors.WrongOperation.With($"A key for {version.Algorithm} ({version.Use.ToWire()}) does not support this operation.");
    }

    private static KmsException Refuse(KmsError error, KeyVersion version)
    {
        string message = $"{error.Message} (kid '{version.Kid}')";
        return version.NextKid is { } next ? error.With(message, new FieldError("next_kid", next.Value)) : error.With(message);
    }
}
