using Qkms.Core.ApiKeys;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Installation;

/// <summary>Every sealed row of the database, page by page, for the take-over of one that an earlier build sealed.</summary>
internal interface IFormerRowRepository
{
    /// <summary>Whether any row names the key of its seal: no earlier build wrote that.</summary>
    Task<bool> HasCurrentSealsAsync(IKmsSession session);

    /// <summary>Tenants by their ids.</summary>
    Task<IReadOnlyList<Sealed<Tenant>>> ListTenantsAsync(IKmsSession session, Guid after, int limit);

    /// <summary>API keys by their ids.</summary>
    Task<IReadOnlyList<Sealed<Credential>>> ListCredentialsAsync(IKmsSession session, Guid after, int limit);

    /// <summary>Keys by their ids.</summary>
    Task<IReadOnlyList<Sealed<Key>>> ListKeysAsync(IKmsSession session, Guid after, int limit);

    /// <summary>Versions of one key by their numbers.</summary>
    Task<IReadOnlyList<Sealed<KeyVersion>>> ListVersionsAsync(IKmsSession session, Key key, int after, int limit);

    /// <summary>Writes the seal of a tenant.</summary>
    Task SealAsync(IKmsSession session, Sealed<Tenant> tenant);

    /// <summary>Writes the seal of an API key.</summary>
    Task SealAsync(IKmsSession session, Sealed<Credential> credential);

    /// <summary>Writes the seal of a key, and the states of its versions.</summary>
    Task SealAsync(IKmsSession session, Sealed<Key> key);

    /// <summary>Writes the seal of a version.</summary>
    Task SealAsync(IKmsSession session, Sealed<KeyVersion> version);
}
