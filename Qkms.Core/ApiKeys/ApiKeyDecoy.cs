using System.Security.Cryptography;
using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// A stored API key that nobody has: it is read in place of one that does not exist, with its tenant, so that a stranger cannot tell by the
/// time of an answer whether an id exists.
/// </summary>
internal sealed class ApiKeyDecoy(Keyring keyring, RowSealer sealer, IdGenerator ids, TimeProvider time)
{
    /// <summary>Too short for an API key, so nobody can present it.</summary>
    public const string LookupId = "decoy";

    /// <summary>The row. Its verifier is random: no secret fits it.</summary>
    /// <param name="tenantId">Any tenant.</param>
    public Sealed<Credential> Make(TenantId tenantId) => sealer.Seal(new Credential
    {
        Id = new CredentialId(ids.Next()),
        TenantId = tenantId,
        Kind = Credential.ApiKeyKind,
        LookupId = LookupId,
        Verifier = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes),
        HashKeyId = keyring.CredentialHashKey.Id,
        Label = "stands in for API keys that do not exist",
        Roles = Roles.None,
        State = CredentialState.Revoked,
        CreatedAt = time.GetUtcMilliseconds(),
    });
}
