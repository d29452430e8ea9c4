using Qkms.Core.ApiKeys;

namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    [StoreFact]
    public async Task A_credential_is_found_by_its_lookup_id_and_by_its_id()
    {
        (TenantId tenantId, Guid hashKeyId) = await AddTenantWithHashKeyAsync();
        Sealed<Credential> added = StoreRows.Seal(_rows.Credential(tenantId, hashKeyId) with
        {
            Permissions = "keys:read keys:use",
            KeyScope = "prod/*",
            ExpiresAt = StoreRows.StoredNow.AddDays(1),
        });
        Credential row = added.UnverifiedRow;

        (await WriteAsync(session => Repositories.Credentials.InsertAsync(session, added))).Should().BeTrue();

        (await ReadAsync(session => Repositories.Credentials.FindByLookupIdAsync(session, row.Kind, row.LookupId)))
            .Should().BeEquivalentTo(added);
        (await ReadAsync(session => Repositories.Credentials.FindAsync(session, tenantId, row.Id))).Should().BeEquivalentTo(added);
        (await ReadAsync(session => Repositories.Credentials.FindByLookupIdAsync(session, "sigv4", row.LookupId))).Should().BeNull();
        (await ReadAsync(session => Repositories.Credentials.FindByLookupIdAsync(session, row.Kind, "unknown"))).Should().BeNull();
    }

    [StoreFact]
    public async Task A_credential_of_another_tenant_is_not_found_and_not_changed()
    {
        (TenantId tenantId, Guid hashKeyId) = await AddTenantWithHashKeyAsync();
        TenantId other = (await AddTenantAsync("other")).Id;
        Sealed<Credential> added = StoreRows.Seal(_rows.Credential(tenantId, hashKeyId));
        Credential row = added.UnverifiedRow;
        await WriteAsync(session => Repositories.Credentials.InsertAsync(session, added));

        (await ReadAsync(session => Repositories.Credentials.FindAsync(session, other, row.Id))).Should().BeNull();
        (await WriteAsync(session =>
            Repositories.Credentials.UpdateAsync(session, StoreRows.Seal(row with { TenantId = other, State = CredentialState.Revoked }))))
            .Should().BeFalse();
        (await ReadAsync(session => Repositories.Credentials.FindAsync(session, tenantId, row.Id))).Should().BeEquivalentTo(added);
    }

    [StoreFact]
    public async Task A_lookup_id_is_taken_once_in_the_whole_installation()
    {
        (TenantId tenantId, Guid hashKeyId) = await AddTenantWithHashKeyAsync();
        TenantId other = (await AddTenantAsync("other")).Id;
        Credential first = _rows.Credential(tenantId, hashKeyId);
        await WriteAsync(session => Repositories.Credentials.InsertAsync(session, StoreRows.Seal(first)));

        Credential second = _rows.Credential(other, hashKeyId) with { LookupId = first.LookupId };

        (await WriteAsync(session => Repositories.Credentials.InsertAsync(session, StoreRows.Seal(second)))).Should().BeFalse();
    }

    [StoreFact]
    public async Task A_credential_changes_what_may_change()
    {
        (TenantId tenantId, Guid hashKeyId) = await AddTenantWithHashKeyAsync();
        Credential row = _rows.Credential(tenantId, hashKeyId);
        Credential successor = _rows.Credential(tenantId, hashKeyId);
        await WriteAsync(session => Repositories.Credentials.InsertAsync(session, StoreRows.Seal(row)));
        await WriteAsync(session => Repositories.Credentials.InsertAsync(session, StoreRows.Seal(successor)));
        Sealed<Credential> changed = StoreRows.Seal(row with
        {
            Label = "changed",
            Roles = Roles.User,
            Permissions = "keys:read",
            KeyScope = "default",
            State = CredentialState.Disabled,
            ExpiresAt = StoreRows.StoredNow.AddDays(2),
            GraceUntil = StoreRows.StoredNow.AddDays(1),
            SuccessorId = successor.Id,
        });

        (await WriteAsync(session => Repositories.Credentials.UpdateAsync(session, changed))).Should().BeTrue();

        (await ReadAsync(session => Repositories.Credentials.FindAsync(session, tenantId, row.Id))).Should().BeEquivalentTo(changed);
        (await WriteAsync(session => Repositories.Credentials.UpdateAsync(session, StoreRows.Seal(_rows.Credential(tenantId, hashKeyId)))))
            .Should().BeFalse();
    }

    private async Task<(TenantId TenantId, Guid HashKeyId)> AddTenantWithHashKeyAsync()
    {
        StoredTenant tenant = await AddTenantAsync();
        KeyringEntry hashKey = _rows.SystemKey(KeyringKind.CredentialHash, version: 1);
        await AddKeyringEntryAsync(hashKey);
        return (tenant.Id, hashKey.Id);
    }
}
