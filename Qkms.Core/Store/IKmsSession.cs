using Qkms.Core.ApiKeys;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Tenants;

namespace Qkms.Core.Store;

/// <summary>What one unit of work may touch. It ends with the delegate that received it.</summary>
public interface IKmsSession
{
    /// <summary>Root wrappers and the keyring.</summary>
    IKeyringRepository Keyring { get; }

    /// <summary>Tenants.</summary>
    ITenantRepository Tenants { get; }

    /// <summary>API keys.</summary>
    ICredentialRepository Credentials { get; }

    /// <summary>Keys, key versions and their material.</summary>
    IKeyRepository Keys { get; }

    /// <summary>The journal.</summary>
    IAuditRepository Audit { get; }

    /// <summary>What requests that may be sent again were answered.</summary>
    IIdempotencyRepository Idempotency { get; }

    /// <summary>Runs <paramref name="action"/> after the commit and before the caller's task completes; not at all when the unit fails.</summary>
    void OnCommitted(Action action);
}
