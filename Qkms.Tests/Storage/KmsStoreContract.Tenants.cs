using Qkms.Core.Tenants;

namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    [StoreFact]
    public async Task A_new_database_has_no_tenant_until_one_is_added()
    {
        (await ReadAsync(session => Repositories.Tenants.AnyAsync(session))).Should().BeFalse();
        await AddTenantAsync();
        (await ReadAsync(session => Repositories.Tenants.AnyAsync(session))).Should().BeTrue();
    }

    [StoreFact]
    public async Task A_tenant_comes_back_as_it_was_added()
    {
        Sealed<Tenant> added = StoreRows.Seal(_rows.Tenant("acme"));
        (await WriteAsync(session => Repositories.Tenants.InsertAsync(session, added))).Should().BeTrue();

        Sealed<Tenant>? found = await ReadAsync(session => Repositories.Tenants.FindAsync(session, added.UnverifiedRow.Id));

        found.Should().BeEquivalentTo(added);
        (await ReadAsync(Repositories.Tenants.FindFirstAsync)).Should().BeEquivalentTo(added);
        (await ReadAsync(session => Repositories.Tenants.FindAsync(session, new TenantId(_rows.NextId())))).Should().BeNull();
    }

    [StoreFact]
    public async Task A_tenant_name_and_an_account_id_are_taken_once()
    {
        Tenant first = _rows.Tenant("acme");
        (await WriteAsync(session => Repositories.Tenants.InsertAsync(session, StoreRows.Seal(first)))).Should().BeTrue();

        Tenant sameName = _rows.Tenant("acme");
        Tenant sameAccount = _rows.Tenant("other") with { AccountId = first.AccountId };

        (await WriteAsync(session => Repositories.Tenants.InsertAsync(session, StoreRows.Seal(sameName)))).Should().BeFalse();
        (await WriteAsync(session => Repositories.Tenants.InsertAsync(session, StoreRows.Seal(sameAccount)))).Should().BeFalse();
    }

    [StoreFact]
    public async Task A_tenant_changes_its_state_and_plan_with_its_seal()
    {
        Tenant tenant = _rows.Tenant("acme");
        await WriteAsync(session => Repositories.Tenants.InsertAsync(session, StoreRows.Seal(tenant)));
        Sealed<Tenant> changed = StoreRows.Seal(tenant with { State = TenantState.Suspended, Plan = "free" });

        (await WriteAsync(session => Repositories.Tenants.UpdateAsync(session, changed))).Should().BeTrue();

        (await ReadAsync(session => Repositories.Tenants.FindAsync(session, tenant.Id))).Should().BeEquivalentTo(changed);
        (await WriteAsync(session => Repositories.Tenants.UpdateAsync(session, StoreRows.Seal(_rows.Tenant("nobody"))))).Should().BeFalse();
    }
}
