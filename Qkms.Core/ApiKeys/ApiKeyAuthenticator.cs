using System.Security.Cryptography;
using Qkms.Core.Gates;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.ApiKeys;

/// <summary>Finds out whose API key was presented.</summary>
internal sealed class ApiKeyAuthenticator
{
    private const int MostRemembered = 10_000;

    // One look-up of a stranger at a time: it takes well under a millisecond. Whoever keeps the place busy hurts strangers only.
    private const int StrangersAtOnce = 1;
    private const int MostStrangersWaiting = 256;
    private static readonly TimeSpan _strangersPatience = TimeSpan.FromSeconds(2);

    private readonly IKmsStore _store;
    private readonly ICredentialRepository _credentials;
    private readonly ITenantRepository _tenants;
    private readonly Keyring _keyring;
    private readonly RowSealer _sealer;
    private readonly IntegrityAlarm _alarm;
    private readonly ApiKeyUses _uses;
    private readonly AccessKeyAuthenticator _accessKeys;
    private readonly TimeProvider _time;

    // Stands in for the stored decoy when that was deleted: an unknown id and a wrong secret still take the same steps here.
    private readonly Lazy<Sealed<Credential>> _decoy;

    // By proof: a wrong secret finds nothing here and takes every step, like an id that does not exist.
    private readonly FreshCache<ApiKeyProof, ApiKeyIdentity> _proven;

    private readonly KnownApiKeys _known = new();
    private readonly BoundedGate _strangers = new(
        StrangersAtOnce,
        MostStrangersWaiting,
        "Too many unknown API keys are being looked up; nothing was done. Try again.",
        _strangersPatience);

    /// <summary>Works over a store whose keyring is open when the first key is presented.</summary>
    public ApiKeyAuthenticator(
        IKmsStore store,
        ICredentialRepository credentials,
        ITenantRepository tenants,
        Keyring keyring,
        RowSealer sealer,
        ApiKeyDecoy decoys,
        IntegrityAlarm alarm,
        ApiKeyUses uses,
        AccessKeyAuthenticator accessKeys,
        TimeProvider time)
    {
        (_store, _credentials, _tenants, _keyring) = (store, credentials, tenants, keyring);
        (_sealer, _alarm, _uses, _accessKeys, _time) = (sealer, alarm, uses, accessKeys, time);
        _decoy = new Lazy<Sealed<Credential>>(() => decoys.Make(default));
        _proven = new FreshCache<ApiKeyProof, ApiKeyIdentity>(time, MostRemembered, new ApiKeyProofComparer());
        store.WhenServerChanges(ForgetAll);
    }

    /// <summary>Whom an API key proves, or null: unknown, wrong, expired or revoked is not told apart.</summary>
    /// <param name="proof">What <see cref="ApiKeyProver"/> made of the presented key.</param>
    /// <param name="cancellationToken">Cancels the look-up.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.TenantSuspended"/>, also while it waits for its deletion, or storage is not available.
    /// </exception>
    /// <exception cref="SealBrokenException">The key is proven, and the credential's row or its tenant's was tampered with.</exception>
    public async ValueTask<ApiKeyIdentity?> AuthenticateAsync(ApiKeyProof proof, CancellationToken cancellationToken)
    {
        ApiKeyIdentity? identity = await _proven.GetAsync(
            proof, this, static (proof, authenticator) => authenticator.FindAsync(proof), cancellationToken);
        if (identity?.Credential.IsUsableAt(_time.GetUtcMilliseconds()) != true)
            return null;

        return identity.Tenant.State switch
        {
            TenantState.Active => identity,

            // Its API keys are gone, or are going.
            TenantState.Deleted => null,
            _ => throw KmsErrors.TenantSuspended.Refusal(),
        };
    }

    /// <summary>
    /// Drops what is remembered, of access keys too. To be called when a change of any credential or tenant is committed, before it is
    /// answered: such changes are rare, and reading every API key once more costs little.
    /// </summary>
    public void ForgetAll()
    {
        _proven.ForgetAll();
        _accessKeys.ForgetAll();
    }

    // Not cancelled with a caller: others may wait for it, and the place is taken until it ends.
    private async Task<ApiKeyIdentity?> FindAsync(ApiKeyProof proof)
    {
        ApiKeyIdentity? identity;
        if (_known.Knows(proof))
        {
            identity = Check(proof, await _store.ReadAsync(session => ReadAsync(session, proof.LookupId), CancellationToken.None));
        }
        else
        {
            using BoundedGate.Pass pass = await _strangers.EnterAsync(CancellationToken.None);
            identity = Check(proof, await _store.ReadAsideAsync(session => ReadAsync(session, proof.LookupId), CancellationToken.None));
        }

        _known.Learn(proof, found: identity is not null);
        NoteUse(identity);
        return identity;
    }

    // Here and not with every request, which would cost each of them: what is read is asked for again within half a second.
    private void NoteUse(ApiKeyIdentity? identity)
    {
        DateTimeOffset now = _time.GetUtcMilliseconds();
        if (identity is { Tenant.State: TenantState.Active } && identity.Credential.IsUsableAt(now))
            _uses.Note(identity.TenantId, identity.CredentialId, now);
    }

    private async Task<StoredApiKey> ReadAsync(IKmsSession session, string lookupId)
    {
        Sealed<Credential> credential =
            await _credentials.FindByLookupIdAsync(session, Credential.ApiKeyKind, lookupId, ApiKeyDecoy.LookupId) ?? _decoy.Value;
        return new StoredApiKey(credential, await _tenants.FindAsync(session, credential.UnverifiedRow.TenantId));
    }

    private ApiKeyIdentity? Check(ApiKeyProof proof, StoredApiKey stored)
    {
        // Every look-up takes both steps, so that a stranger learns from neither answer nor time what state a row is in.
        Sealed<Credential> found = stored.Credential;
        bool proven = IsProven(proof, found.UnverifiedRow);
        Credential? credential = _sealer.TryOpen(found);
        if (!proven)
        {
            // Said once and to the log alone: whoever knows an id can come here as often as he likes.
            if (credential is null)
                _alarm.RaiseOnce(found.UnverifiedRow.LogName);

            return null;
        }

        if (credential is null)
            throw new SealBrokenException(found.UnverifiedRow.LogName);

        // Credentials are never without their tenant: its row was lost or renamed.
        return new ApiKeyIdentity(
            credential, _sealer.Open(stored.Tenant ?? throw new SealBrokenException($"tenant {credential.TenantId}")));
    }

    // The row is not checked yet. Whoever can write to the database can make any key fail here, but one that passes proves nothing
    // before its seal holds.
    private bool IsProven(ApiKeyProof proof, Credential unverified)
    {
        // A request that was under way when the key came into the keyring has no hash under it.
        int hashKey = IndexOfHashKey(unverified.HashKeyId);
        hashKey = hashKey < proof.HashKeys ? hashKey : -1;
        bool matches = CryptographicOperations.FixedTimeEquals(proof.VerifierUnder(Math.Max(hashKey, 0)), unverified.Verifier);
        return matches && hashKey >= 0;
    }

    private int IndexOfHashKey(Guid? id)
    {
        IReadOnlyList<WrappingKey> hashKeys = _keyring.CredentialHashKeys;
        for (int i = 0; i < hashKeys.Count; i++)
        {
            if (hashKeys[i].Id == id)
                return i;
        }

        return -1;
    }

    /// <summary>What one read found.</summary>
    private sealed record StoredApiKey(Sealed<Credential> Credential, Sealed<Tenant>? Tenant);
}
