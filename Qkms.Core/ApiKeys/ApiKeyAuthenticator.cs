using System.Security.Cryptography;
using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.ApiKeys;

/// <summary>Finds out whose API key was presented.</summary>
internal sealed class ApiKeyAuthenticator
{
    private const int MostRemembered = 10_000;

    private readonly IKmsStore _store;
    private readonly ICredentialRepository _credentials;
    private readonly ITenantRepository _tenants;
    private readonly Keyring _keyring;
    private readonly RowSealer _sealer;
    private readonly TimeProvider _time;

    // Stands in for a row that is not there, so that an unknown id and a wrong secret take the same steps.
    private readonly Lazy<Sealed<Credential>> _decoy;

    // By proof: a wrong secret finds nothing here and takes every step, like an id that does not exist.
    private readonly FreshCache<ApiKeyProof, ApiKeyIdentity> _proven;

    /// <summary>Works over a store whose keyring is open when the first key is presented.</summary>
    public ApiKeyAuthenticator(
        IKmsStore store, ICredentialRepository credentials, ITenantRepository tenants, Keyring keyring, RowSealer sealer, TimeProvider time)
    {
        (_store, _credentials, _tenants, _keyring, _sealer, _time) = (store, credentials, tenants, keyring, sealer, time);
        _decoy = new Lazy<Sealed<Credential>>(MakeDecoy);
        _proven = new FreshCache<ApiKeyProof, ApiKeyIdentity>(time, MostRemembered, new ApiKeyProofComparer());
        store.WhenServerChanges(ForgetAll);
    }

    /// <summary>Whom an API key proves, or null: unknown, wrong, expired or revoked is not told apart.</summary>
    /// <param name="proof">What <see cref="ApiKeyProver"/> made of the presented key.</param>
    /// <param name="cancellationToken">Cancels the look-up.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.TenantSuspended"/>, or storage is not available.</exception>
    /// <exception cref="SealBrokenException">The credential's row or its tenant's was tampered with.</exception>
    public async ValueTask<ApiKeyIdentity?> AuthenticateAsync(ApiKeyProof proof, CancellationToken cancellationToken)
    {
        ApiKeyIdentity? identity = await _proven.GetAsync(
            proof, this, static (proof, authenticator) => authenticator.FindAsync(proof), cancellationToken);
        if (identity?.Credential.IsUsableAt(_time.GetUtcMilliseconds()) != true)
            return null;

        return identity.Tenant.State == TenantState.Active ? identity : throw KmsErrors.TenantSuspended.Refusal();
    }

    /// <summary>
    /// Drops what is remembered. To be called when a change of any credential or tenant is committed, before it is answered: such changes
    /// are rare, and reading every API key once more costs little.
    /// </summary>
    public void ForgetAll() => _proven.ForgetAll();

    private async Task<ApiKeyIdentity?> FindAsync(ApiKeyProof proof)
    {
        string lookupId = proof.LookupId;
        (Sealed<Credential> found, Sealed<Tenant>? foundTenant) = await _store.ReadAsync(
            async session =>
            {
                Sealed<Credential> credential = await _credentials.FindByLookupIdAsync(session, Credential.ApiKeyKind, lookupId)
                    ?? _decoy.Value;
                return (credential, await _tenants.FindAsync(session, credential.UnverifiedRow.TenantId));
            },
            CancellationToken.None);

        Credential credential = _sealer.Open(found);
        int hashKey = IndexOfHashKey(credential.HashKeyId);
        if (hashKey < 0)
            throw new SealBrokenException(credential.LogName);

        bool proven = CryptographicOperations.FixedTimeEquals(proof.VerifierUnder(hashKey), credential.Verifier);
        if (!proven)
            return null;

        // Credentials are never without their tenant: its row was lost or renamed.
        return new ApiKeyIdentity(credential, _sealer.Open(foundTenant ?? throw new SealBrokenException($"tenant {credential.TenantId}")));
    }

    private int IndexOfHashKey(Guid id)
    {
        IReadOnlyList<WrappingKey> hashKeys = _keyring.CredentialHashKeys;
        for (int i = 0; i < hashKeys.Count; i++)
        {
            if (hashKeys[i].Id == id)
                return i;
        }

        return -1;
    }

    private Sealed<Credential> MakeDecoy() => _sealer.Seal(new Credential
    {
        Id = default,
        TenantId = default,
        Kind = Credential.ApiKeyKind,
        LookupId = new string('0', ApiKeyFormat.IdLength),
        Verifier = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes),
        HashKeyId = _keyring.CredentialHashKey.Id,
        Label = "",
        Roles = Roles.None,
        State = CredentialState.Revoked,
        CreatedAt = _time.GetUtcMilliseconds(),
    });
}
