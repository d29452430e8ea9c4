using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Uses;

/// <summary>
/// Finds the key version that an operation uses, and refuses what may not be used: for every operation the same steps in the same
/// order: resolve, permission on the key found, state, use and algorithm.
/// </summary>
internal sealed class KeyResolver(KeyStateCache states, IKmsStore store, MissingKeys missingKeys, TimeProvider time)
{
    // A chain goes from key to key when the algorithm changes. One that goes on further is refused where it was left: its version is
    // retired, and the refusal names the next one.
    private const int MaxKeysOfChain = 16;

    /// <summary>The version that <paramref name="choice"/> means. Whether it may be used is for <see cref="Admit"/> to say.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.Invalid"/> when a kid and other members disagree or several
    /// versions could be meant, <see cref="KmsErrors.DecryptionFailed"/> for a ciphertext of an unknown key. A key whose name is out of the
    /// API key's scope does not exist for it.
    /// </exception>
    internal async ValueTask<FoundKey> FindAsync(
        Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        KeyAndVersion named = await ResolveAsync(caller, choice, operation, cancellationToken);
        if (!Follows(choice, operation, named.Version))
            return new FoundKey(named, named);

        KeyAndVersion end = await FindSuccessorAsync(caller.TenantId, named, cancellationToken);

        // what is used is what must be allowed. A chain keeps its name; that it does is not relied on.
        return caller.Access.Covers(end.Version.Address.Name) ? new FoundKey(named, end) : throw KmsErrors.KeyVersionNotFound.Refusal();
    }

    /// <summary>Admits what was found to <paramref name="operation"/>.</summary>
    /// <exception cref="KmsException"> What <see cref="KeyStateRules"/> says, <see cref="KmsErrors.NotPermitted"/>,
    /// <see cref="KmsErrors.WrongOperation"/>, or <see cref="KmsErrors.DecryptionFailed"/> when a ciphertext names another key than the
    /// request.
    /// </exception>
    internal ChosenKey Admit(Caller caller, KeyChoice choice, FoundKey found, KeyOperation operation)
    {
        KeyVersion version = found.Used.Version;
        RequirePermission(caller, version, operation);
        if (Refusal(found.Used, operation) is { } refusal)
            throw Refuse(refusal, version);

        if (!operation.IsFor(version.Algorithm.Family, version.Use))
            throw WrongOperation(version);

        if (choice is { IsByCiphertext: true, IsExplicit: true } && !choice.AgreesWith(version))
            throw KmsErrors.DecryptionFailed.Refusal();

        return new ChosenKey(version, ReferenceEquals(found.Used, found.Named) ? null : found.Named.Version.Kid);
    }

    /// <summary>
    /// The other versions that a name alone can mean, newest first, when one of them was tried and is not the one: those that may be used
    /// for what reads with a key. Empty where the request names a version.
    /// </summary>
    internal async ValueTask<IEnumerable<KeyVersion>> FindOthersAsync(
        Caller caller, KeyChoice choice, KeyVersion tried, KeyOperation operation, CancellationToken cancellationToken)
    {
        if (!choice.IsByName || operation.Creates() || operation.NeverFails())
            return [];

        NewestVersions? newest = await states.FindNewestAsync(choice.AddressOf(caller.TenantId, tried.Use), cancellationToken);
        return newest is null ? [] : MayRead(newest, operation).Select(one => one.Version).Where(version => version.Id != tried.Id);
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
            if (named is null || !IsOpenTo(caller, choice, named.Version))
                throw KmsErrors.KeyVersionNotFound.Refusal();

            RequireAgreement(choice, named.Version);
            return named;
        }

        if (choice.IsByCiphertext)
            return await FindByCiphertextAsync(caller, choice, operation, cancellationToken);

        if (!caller.Access.Covers(choice.NameMeant))
            throw MissingKeys.NothingThere(Missing(caller, choice, operation));

        if (operation.NeverFails())
            return await FindOnlyAsync(caller, choice, operation, cancellationToken);

        foreach (KeyUse use in choice.UsesFor(operation))
        {
            KeyAddress address = choice.AddressOf(caller.TenantId, use);
            KeyAndVersion? found = choice.Version is { } number
                ? await states.FindAsync(address, number, cancellationToken)
                : await FindByNameAsync(address, operation, cancellationToken);
            if (found is not null)
                return found;
        }

        throw await MissingAsync(caller, choice, operation, cancellationToken);
    }

    // What makes something new takes the active version. What reads takes the newest that may: a key without an active version, or whose
    // active version has expired, still has others. Where none may, the newest says why.
    private async ValueTask<KeyAndVersion?> FindByNameAsync(
        KeyAddress address, KeyOperation operation, CancellationToken cancellationToken)
    {
        KeyAndVersion? active = await states.FindActiveAsync(address, cancellationToken);
        if (operation.Creates() || (active is not null && Refusal(active, operation) is null))
            return active;

        return await states.FindNewestAsync(address, cancellationToken) is { } newest
            ? MayRead(newest, operation).FirstOrDefault() ?? new KeyAndVersion(newest.Key, newest.Newest)
            : null;
    }

    // Every version gives a result, and only one gives the right one: which it is cannot be found out by trying. A version that is over
    // counts too: what was made for it would get another one's result, and not the refusal that it should.
    private async ValueTask<KeyAndVersion> FindOnlyAsync(
        Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        KeyAndVersion? fallback = null;
        List<KeyAndVersion> meant = [];
        int versions = 0;
        foreach (KeyUse use in choice.UsesFor(operation))
        {
            KeyAddress address = choice.AddressOf(caller.TenantId, use);
            if (choice.Version is { } number)
            {
                if (await states.FindAsync(address, number, cancellationToken) is { } found)
                    meant.Add(found);
            }
            else if (await states.FindNewestAsync(address, cancellationToken) is { } newest)
            {
                fallback ??= new KeyAndVersion(newest.Key, newest.Newest);
                versions += newest.Newest.Version;
                meant.AddRange(MayRead(newest, operation));
            }
        }

        if (meant.Count > 1 || (meant.Count == 1 && versions > 1))
            throw Ambiguous(choice);

        return meant.FirstOrDefault() ?? fallback ?? throw await MissingAsync(caller, choice, operation, cancellationToken);
    }

    private static KmsException Ambiguous(KeyChoice choice) => choice.Version is { } number
        ? Blame(
            "kid",
            $"is required: there are two {choice.AlgorithmMeant} keys named '{choice.NameMeant}' with a version {number}, one for 'kem' "
            + "and one for 'enc'")
        : Blame(
            "key_version",
            $"is required, unless there is a 'kid': there have been several versions of {choice.AlgorithmMeant} keys named "
            + $"'{choice.NameMeant}', and the ciphertext does not say for which of them it was made");

    private static KmsException Blame(string field, string problem) =>
        KmsErrors.Invalid.With($"'{field}' {problem}.", new FieldError(field, problem));

    private IEnumerable<KeyAndVersion> MayRead(NewestVersions newest, KeyOperation operation) => newest.Readable
        .Select(version => new KeyAndVersion(newest.Key, version))
        .Where(candidate => Refusal(candidate, operation) is null);

    private KmsError? Refusal(KeyAndVersion candidate, KeyOperation operation) =>
        KeyStateRules.Refusal(candidate, operation, time.GetUtcMilliseconds());

    private Task<KmsException> MissingAsync(
        Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        MissingKey missing = Missing(caller, choice, operation);
        return store.ReadAsync(session => missingKeys.RefusalAsync(session, missing), cancellationToken);
    }

    private static MissingKey Missing(Caller caller, KeyChoice choice, KeyOperation operation) => new(
        choice.AddressOf(caller.TenantId, choice.UseShown(operation)), choice.Version, choice.Algorithm is null, operation);

    // The shared secret of an encryption key opens what was encrypted or wrapped with it: recovering it is both, under another name.
    private static void RequirePermission(Caller caller, KeyVersion version, KeyOperation operation)
    {
        if (operation != KeyOperation.Decapsulate || version.Use != KeyUse.Encryption)
            return;

        if (!caller.Access.Allows(Permission.CryptoDecrypt) || !caller.Access.Allows(Permission.KemUnwrap))
        {
            throw KmsErrors.NotPermitted.With(
                $"To decapsulate with a key whose use is 'enc', an API key must also allow '{Permission.CryptoDecrypt.ToWire()}' and "
                + $"'{Permission.KemUnwrap.ToWire()}': the shared secret opens what the key encrypts and wraps. A key whose use is 'kem' "
                + "needs neither.");
        }
    }

    // A version that the caller may not know of fails like one that does not exist: the ciphertext is from anybody.
    private async ValueTask<KeyAndVersion> FindByCiphertextAsync(
        Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        KeyVersionId? named = choice.AlgorithmMeant.Family.KeyOf(choice.Ciphertext!.Value.Span);
        if (named is null && choice.Algorithm is null && operation == KeyOperation.Decrypt)
            throw NamesNoKey(choice);

        KeyAndVersion? found = named is { } id ? await states.FindAsync(caller.TenantId, id, cancellationToken) : null;
        return found is not null && IsOpenTo(caller, choice, found.Version) ? found : throw KmsErrors.DecryptionFailed.Refusal();
    }

    // Another owner's key is as absent as one outside the API key's narrowing: a kid alone leads nobody to the key of a device.
    private static bool IsOpenTo(Caller caller, KeyChoice choice, KeyVersion version) =>
        version.Address.Owner == choice.OwnerMeant && caller.Access.Covers(version.Address.Name);

    // The format is public: whoever made the request can see for himself that this is none, so that saying it tells nobody anything.
    private static KmsException NamesNoKey(KeyChoice choice) => Blame(
        "algorithm",
        $"is required, unless there is a 'kid': only ciphertexts of {choice.AlgorithmMeant} keys name their key, and this is none");

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

    // Not version by version: a key says which one is active, and where none is, its newest stands for the others. From there a chain may
    // lead on into another key. What was found is remembered for a moment, by key.
    private async ValueTask<KeyAndVersion> FindSuccessorAsync(TenantId tenantId, KeyAndVersion start, CancellationToken cancellationToken)
    {
        KeyAndVersion end = start;
        for (int keys = 1; ; keys++)
        {
            end = await FindActiveOrNewestAsync(end, cancellationToken);
            if (end.Version.NextKid is not { } next || keys == MaxKeysOfChain)
                return end;

            end = await states.FindAsync(tenantId, next, cancellationToken) ?? throw new SealBrokenException($"key version {next}");
        }
    }

    private async ValueTask<KeyAndVersion> FindActiveOrNewestAsync(KeyAndVersion of, CancellationToken cancellationToken)
    {
        KeyAddress address = of.Version.Address;

        // A chain that left the key is not continued by one that began there later: who went over to ML-KEM is not led back to RSA.
        ChainRun run = await states.FindRunAsync(of.Version, cancellationToken);
        if (run.NextStart is { } start
            && await states.FindAsync(address, start - 1, cancellationToken) is { Version.NextKid: not null } last)
            return last;

        // That no version is active is remembered here alone: every key of a chain but the last would be read anew for each use.
        if (states.RecallNewest(address) is { Key.ActiveKid: null } without)
            return new KeyAndVersion(without.Key, without.Newest);

        return await states.FindActiveAsync(address, cancellationToken) is { } active ? active
            : await states.FindNewestAsync(address, cancellationToken) is { } newest ? new KeyAndVersion(newest.Key, newest.Newest)
            : throw new SealBrokenException(of.Key.LogName);
    }

    private static KmsException Refuse(KmsError error, KeyVersion version)
    {
        return version.NextKid is { } next
            ? error.With($"{error.Message} (kid '{version.Kid}', next_kid '{next}')", new FieldError("next_kid", next.Value))
            : error.With($"{error.Message} (kid '{version.Kid}')");
    }
}
