using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;

namespace Qkms.Core.Uses;

/// <summary>
/// Finds the key version that an operation uses, and refuses what may not be used: for every operation the same steps in the same
/// order: resolve, state, use and algorithm.
/// </summary>
internal sealed class KeyResolver(KeyStateCache states, TimeProvider time)
{
    /// <summary>The version that <paramref name="choice"/> means. Whether it may be used is for <see cref="Admit"/> to say.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.NotPermitted"/>, <see cref="KmsErrors.Invalid"/> when a kid and
    /// other members disagree, <see cref="KmsErrors.DecryptionFailed"/> for a ciphertext of an unknown key.
    /// </exception>
    internal async ValueTask<FoundKey> FindAsync(
        Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        KeyAndVersion named = await ResolveAsync(caller, choice, operation, cancellationToken);
        if (!Follows(choice, operation, named.Version))
            return new FoundKey(named, named);

        KeyAndVersion end = await FindEndOfChainAsync(caller.TenantId, named, cancellationToken);
        caller.RequireKey(end.Version.Address.Name);
        return new FoundKey(named, end);
    }

    /// <summary>Admits what was found to <paramref name="operation"/>.</summary>
    /// <exception cref="KmsException"> What <see cref="KeyStateRules"/> says, <see cref="KmsErrors.WrongOperation"/>, or
    /// <see cref="KmsErrors.DecryptionFailed"/> when a ciphertext names another key than the request.
    /// </exception>
    internal ChosenKey Admit(KeyChoice choice, FoundKey found, KeyOperation operation)
    {
        KeyVersion version = found.Used.Version;
        if (KeyStateRules.Refusal(found.Used, operation, time.GetUtcMilliseconds()) is { } refusal)
            throw Refuse(refusal, version);

        if (!operation.IsFor(version.Algorithm.Family, version.Use))
            throw WrongOperation(version);

        if (choice is { IsByCiphertext: true, IsExplicit: true } && !choice.AgreesWith(version))
            throw KmsErrors.DecryptionFailed.Refusal();

        return new ChosenKey(version, ReferenceEquals(found.Used, found.Named) ? null : found.Named.Version.Kid);
    }

    internal static KmsException WrongOperation(KeyVersion version) =>
        KmsErrors.WrongOperation.With($"A key for {version.Algorithm} ({version.Use.ToWire()}) does not support this operation.");

    private async ValueTask<KeyAndVersion> ResolveAsync(
        Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
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

        if (choice.IsByCiphertext)
            return await FindByCiphertextAsync(caller, choice, cancellationToken);

        KeyAddress address = choice.ToSelector(operation.Use()).For(caller);
        return choice.Version is { } number
            ? await states.FindAsync(address, number, cancellationToken) ?? throw KmsErrors.KeyVersionNotFound.Refusal()
            : await states.FindActiveAsync(address, cancellationToken)
                ?? throw KmsErrors.KeyVersionNotFound.With("There is no active key: generate one.");
    }

    // A version that the caller may not know of fails like one that does not exist: the ciphertext is from anybody.
    private async ValueTask<KeyAndVersion> FindByCiphertextAsync(Caller caller, KeyChoice choice, CancellationToken cancellationToken)
    {
        if (choice.IsExplicit)
            caller.RequireKey(choice.Name ?? KeyName.Default);

        KeyAndVersion? found = choice.AlgorithmMeant.Family.KeyOf(choice.Ciphertext!.Value.Span) is { } id
            ? await states.FindAsync(caller.TenantId, id, cancellationToken)
            : null;
        return found is not null && caller.Access.Covers(found.Version.Address.Name) ? found : throw KmsErrors.DecryptionFailed.Refusal();
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
            throw KmsErrors.Invalid.With(
                $"The kid and other members name different keys: '{disagreements[0].Field}' {disagreements[0].Message}.", disagreements);
    }

    private static bool Follows(KeyChoice choice, KeyOperation operation, KeyVersion version) =>
        choice is { Kid: not null, FollowSuccessors: true }
        && operation.Creates()
        && version is { State: KeyState.Retired, DestroyAt: null, NextKid: not null };

    private async ValueTask<KeyAndVersion> FindEndOfChainAsync(TenantId tenantId, KeyAndVersion start, CancellationToken cancellationToken)
    {
        KeyAndVersion end = start;
        while (end.Version.NextKid is { } next)
            end = await states.FindAsync(tenantId, next, cancellationToken) ?? throw new SealBrokenException($"key version {next}");

        return end;
    }

    private static KmsException Refuse(KmsError error, KeyVersion version)
    {
        return version.NextKid is { } next
            ? error.With($"{error.Message} (kid '{version.Kid}', next_kid '{next}')", new FieldError("next_kid", next.Value))
            : error.With($"{error.Message} (kid '{version.Kid}')");
    }
}
