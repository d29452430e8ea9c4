using System.Security.Cryptography;
using Qkms.Core.Persistence;
using Qkms.Core.Protection;
using Qkms.Core.Tenants;

namespace Qkms.Core.ApiKeys;

/// <summary>Finds out whose API key was presented.</summary>
public sealed class ApiKeyAuthenticator
{
    private readonly IKmsStore _store;
    private readonly Keyring _keyring;
    private readonly RowSealer _sealer;
    private readonly TimeProvider _time;

    // Stands in for a row that is not there, so that an unknown id and a wrong secret take the same steps.
    private readonly Lazy<Sealed<Credential>> _decoy;

    /// <summary>Works over a store whose keyring is open when the first key is presented.</summary>
    public ApiKeyAuthenticator(IKmsStore store, Keyring keyring, RowSealer sealer, TimeProvider time)
    {
        (_store, _keyring, _sealer, _time) = (store, keyring, sealer, time);
        _decoy = new Lazy<Sealed<Credential>>(MakeDecoy);
    }

    /// <summary>The credential that an API key proves, or null: unknown, wrong, expired or revoked is not told apart.</summary>
    /// <param name="proof">What <see cref="ApiKeyProver"/> made of the presented key.</param>
    /// <param name="cancellationToken">Cancels the look-up.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.TenantSuspended"/>, or storage is not available.</exception>
    /// <exception cref="SealBrokenException">The credential's row or its tenant's was tampered with.</exception>
    public async Task<Credential?> AuthenticateAsync(ApiKeyProof proof, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(proof);
        string lookupId = proof.LookupId;
        (Sealed<Credential> found, Sealed<Tenant>? foundTenant) = await _store.ReadAsync(
            async session =>
            {
                Sealed<Credential> credential = await session.Credentials.FindByLookupIdAsync(Credential.ApiKeyKind, lookupId) ?? _decoy.Value;
                return (credential, await session.Tenants.FindAsync(credential.UnverifiedRow.TenantId));
            },
            cancellationToken);

        Credential credential = _sealer.Open(found);
        int hashKey = IndexOfHashKey(credential.HashKeyId);
        if (hashKey < 0)
            throw new SealBrokenException(credential.LogName);

        bool proven = CryptographicOperations.FixedTimeEquals(proof.VerifierUnder(hashKey), credential.Verifier);
        if (!proven || !credential.IsUsableAt(_time.GetUtcMilliseconds()) || foundTenant is null)
            return null;

        Tenant tenant = _sealer.Open(foundTenant);
        return tenant.State == TenantState.Active ? credential : throw KmsErrors.TenantSuspended.Refusal();
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
