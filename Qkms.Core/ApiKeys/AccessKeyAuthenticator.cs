using System.Security.Cryptography;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.ApiKeys;

/// <summary>Finds out whose access key signed a request.</summary>
internal sealed class AccessKeyAuthenticator : IDisposable
{
    private const int MostRemembered = 10_000;

    private readonly IKmsStore _store;
    private readonly ICredentialRepository _credentials;
    private readonly ITenantRepository _tenants;
    private readonly Keyring _keyring;
    private readonly RowSealer _sealer;
    private readonly ApiKeyUses _uses;
    private readonly TimeProvider _time;
    private readonly SigningKeys _signingKeys = new();
    private readonly FreshCache<string, ApiKeyIdentity> _known;

    // An id that nobody has takes the same steps with this.
    private readonly SecretBytes _decoy = AccessKeyFormat.NewSecret();

    /// <summary>Works over a store whose keyring is open when the first request is checked.</summary>
    public AccessKeyAuthenticator(
        IKmsStore store,
        ICredentialRepository credentials,
        ITenantRepository tenants,
        Keyring keyring,
        RowSealer sealer,
        ApiKeyUses uses,
        TimeProvider time)
    {
        (_store, _credentials, _tenants, _keyring, _sealer) = (store, credentials, tenants, keyring, sealer);
        (_uses, _time) = (uses, time);
        _known = new FreshCache<string, ApiKeyIdentity>(time, MostRemembered, StringComparer.Ordinal);
        store.WhenServerChanges(ForgetAll);
    }

    /// <summary>Whether an access key with this id was issued here, as far as its checksum says.</summary>
    public bool IsIssued(string accessKeyId) => AccessKeyFormat.IsIssued(accessKeyId, _keyring.CredentialHashKeys);

    /// <summary>Whom a signed request proves, or null: unknown, wrong, expired or revoked is not told apart.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Cancels the look-up.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.TenantSuspended"/>, or storage is not available.</exception>
    /// <exception cref="SealBrokenException">The row of the access key or its tenant was tampered with.</exception>
    public async ValueTask<ApiKeyIdentity?> AuthenticateAsync(SignedRequest request, CancellationToken cancellationToken)
    {
        ApiKeyIdentity? identity = IsIssued(request.AccessKeyId)
            ? await _known.GetAsync(
                request.AccessKeyId, this, static (id, authenticator) => authenticator.FindAsync(id), cancellationToken)
            : null;
        DateTimeOffset now = _time.GetUtcMilliseconds();
        if (!IsSignedBy(identity?.Credential, request) || identity?.Credential.IsUsableAt(now) != true)
            return null;

        switch (identity.Tenant.State)
        {
            case TenantState.Active:
                _uses.Note(identity.TenantId, identity.CredentialId, now);
                return identity;

            case TenantState.Deleted:
                return null;

            default:
                throw KmsErrors.TenantSuspended.Refusal();
        }
    }

    /// <summary>Drops what is remembered: to be called when a change of any credential or tenant is committed.</summary>
    public void ForgetAll()
    {
        _known.ForgetAll();
        _signingKeys.Forget();
    }

    public void Dispose()
    {
        _signingKeys.Dispose();
        _decoy.Dispose();
    }

    private bool IsSignedBy(Credential? credential, SignedRequest request)
    {
        Span<byte> key = stackalloc byte[SigningKeys.Size];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        try
        {
            bool isRemembered = credential is not null && _signingKeys.TryRecall(credential.Id, request.Date, request.Region, key);
            if (!isRemembered)
                Derive(credential, request, key);

            HMACSHA256.HashData(key, request.StringToSign, expected);
            bool isSigned = CryptographicOperations.FixedTimeEquals(expected, request.Signature);

            // Not before it has proven itself: days and regions that a stranger makes up are not kept.
            if (isSigned && credential is not null && !isRemembered)
                _signingKeys.Remember(credential.Id, request.Date, request.Region, key);

            return isSigned && credential is not null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(expected);
        }
    }

    private void Derive(Credential? credential, SignedRequest request, Span<byte> key)
    {
        if (credential is null)
        {
            SigningKeys.Derive(_decoy.Span, request.Date, request.Region, key);
            return;
        }

        using SecretBytes secret = AccessKeySecret.Open(_keyring.CredentialSecretKeys, credential);
        SigningKeys.Derive(secret.Span, request.Date, request.Region, key);
    }

    // Not cancelled with a caller: others may wait for it.
    private async Task<ApiKeyIdentity?> FindAsync(string accessKeyId) => await _store.ReadAsync(
        async session =>
        {
            if (await _credentials.FindByLookupIdAsync(session, Credential.AccessKeyKind, accessKeyId) is not { } stored)
                return null;

            Credential credential = _sealer.Open(stored);
            Sealed<Tenant> tenant = await _tenants.FindAsync(session, credential.TenantId)
                ?? throw new SealBrokenException($"tenant {credential.TenantId}");
            return new ApiKeyIdentity(credential, _sealer.Open(tenant));
        },
        CancellationToken.None);
}
