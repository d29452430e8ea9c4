using Qkms.Core.ApiKeys;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Tenants;
using Qkms.Storage.ApiKeys;
using Qkms.Storage.Idempotency;
using Qkms.Storage.Journal;
using Qkms.Storage.Keyrings;
using Qkms.Storage.Keys;
using Qkms.Storage.Tenants;

namespace Qkms.Tests.Support;

/// <summary>The repositories, which keep nothing: for tests that use a store without the service's container.</summary>
internal static class Repositories
{
    public static IKeyringRepository Keyring { get; } = new KeyringRepository();

    public static ITenantRepository Tenants { get; } = new TenantRepository();

    public static ICredentialRepository Credentials { get; } = new CredentialRepository();

    public static IKeyRepository Keys { get; } = new KeyRepository();

    public static IJournalRepository Journal { get; } = new JournalRepository();

    public static IIdempotencyRepository KeptResults { get; } = new IdempotencyRepository();
}
