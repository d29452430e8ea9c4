using Qkms.Core.Names;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    [StoreFact]
    public async Task A_new_database_has_no_tenant_until_one_is_added()
    {
        (await ReadAsync(session => session.Tenants.AnyAsync())).Should().BeFalse();
        await AddTenantAsync();
        (await ReadAsync(session => session.Tenants.AnyAsync())).Should().BeTrue();
    }

    [StoreFact]
    public async Task A_tenant_comes_back_as_it_was_added()
    {
        Sealed<Tenant> added = StoreRows.Seal(_rows.Tenant("acme"));
        (await WriteAsync(session => session.Tenants.InsertAsync(added))).Should().BeTrue();

        Sealed<Tenant>? found = await ReadAsync(session => session.Tenants.FindAsync(added.UnverifiedRow.Id));

        found.Should().BeEquivalentTo(added);
        (await ReadAsync(session => session.Tenants.FindAsync(new TenantId(_rows.NextId())))).Should().BeNull();
    }

    [StoreFact]
    public async Task A_tenant_name_and_an_account_id_are_taken_once()
    {
        Tenant first = _rows.Tenant("acme");
        (await WriteAsync(session => session.Tenants.InsertAsync(StoreRows.Seal(first)))).Should().BeTrue();

        Tenant sameName = _rows.Tenant("acme");
        Tenant sameAccount = _rows.Tenant("other") with { AccountId = first.AccountId };

        (await WriteAsync(session => session.Tenants.InsertAsync(StoreRows.Seal(sameName)))).Should().BeFalse();
        (await WriteAsync(session => session.Tenants.InsertAsync(StoreRows.Seal(sameAccount)))).Should().BeFalse();
    }

    [StoreFact]
    public async Task A_tenant_changes_its_state_and_plan_with_its_seal()
    {
        Tenant tenant = _rows.Tenant("acme");
        await WriteAsync(session => session.Tenants.InsertAsync(StoreRows.Seal(tenant)));
        Sealed<Tenant> changed = StoreRows.Seal(tenant with { State = TenantState.Suspended, Plan = "free" });

        (await WriteAsync(session => session.Tenants.UpdateAsync(changed))).Should().BeTrue();

        (await ReadAsync(session => session.Tenants.FindAsync(tenant.Id))).Should().BeEquivalentTo(changed);
        (await WriteAsync(session => session.Tenants.UpdateAsync(StoreRows.Seal(_rows.Tenant("nobody"))))).Should().BeFalse();
    }
}
