using Qkms.Core.Idempotency;

namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    //
    [StoreFact]
    public async Task A_result_comes_back_for_its_tenant_until_it_expires()
    {
        StoredTenant tenant = await AddTenantAsync();
        StoredTenant other = await AddTenantAsync("other");
        KeptResult result = Result(tenant);

        (await WriteAsync(session => Repositories.KeptResults.InsertAsync(session, result))).Should().BeTrue();

        (await FindAsync(tenant, result.Key, result.ExpiresAt.AddMilliseconds(-1))).Should().BeEquivalentTo(result);
        (await FindAsync(tenant, result.Key, result.ExpiresAt)).Should().BeNull();
        (await FindAsync(tenant, "Key", result.CreatedAt)).Should().BeNull("keys are compared exactly");
        (await FindAsync(other, result.Key, result.CreatedAt)).Should().BeNull();
        (await WriteAsync(session => Repositories.KeptResults.InsertAsync(session, Result(other))))
            .Should().BeTrue("another tenant has keys of its own");
    }

    //
    [StoreFact]
    public async Task A_result_is_kept_once_until_it_expires()
    {
        StoredTenant tenant = await AddTenantAsync();
        KeptResult first = Result(tenant);
        KeptResult late = Result(tenant) with { CreatedAt = first.ExpiresAt.AddMilliseconds(-1) };
        KeptResult later = Result(tenant) with { CreatedAt = first.ExpiresAt, ExpiresAt = first.ExpiresAt.AddHours(24) };

        (await WriteAsync(session => Repositories.KeptResults.InsertAsync(session, first))).Should().BeTrue();
        (await WriteAsync(session => Repositories.KeptResults.InsertAsync(session, late))).Should().BeFalse();
        (await FindAsync(tenant, first.Key, first.CreatedAt)).Should().BeEquivalentTo(first);

        (await WriteAsync(session => Repositories.KeptResults.InsertAsync(session, later))).Should().BeTrue();
        (await FindAsync(tenant, first.Key, later.CreatedAt)).Should().BeEquivalentTo(later);
    }

    // whoever comes second finds the first one's result, or takes its place when it fails.
    [StoreFact]
    public async Task Of_many_units_with_one_key_one_is_committed()
    {
        StoredTenant tenant = await AddTenantAsync();

        bool[] kept = await Task.WhenAll(Enumerable.Range(
            0, 16).Select(_ => Task.Run(() => WriteAsync(session => Repositories.KeptResults.InsertAsync(session, Result(tenant))))));

        kept.Should().ContainSingle(one => one);
    }

    //
    [StoreFact]
    public async Task Expired_results_of_all_tenants_are_deleted_oldest_first()
    {
        StoredTenant[] tenants = [await AddTenantAsync(), await AddTenantAsync("other")];
        for (int i = 0; i < 6; i++)
        {
            KeptResult result = Result(tenants[i % 2]) with { Key = $"k{i}", ExpiresAt = StoreRows.StoredNow.AddMinutes(i) };
            await WriteAsync(session => Repositories.KeptResults.InsertAsync(session, result));
        }

        DateTimeOffset now = StoreRows.StoredNow.AddMinutes(4);
        (await WriteAsync(session => Repositories.KeptResults.DeleteExpiredAsync(session, now, 3))).Should().Be(3);
        (await FindAsync(tenants[0], "k2", StoreRows.StoredNow)).Should().BeNull();
        (await FindAsync(tenants[1], "k3", StoreRows.StoredNow)).Should().NotBeNull();
        (await WriteAsync(session => Repositories.KeptResults.DeleteExpiredAsync(session, now, 3))).Should().Be(2);
        (await WriteAsync(session => Repositories.KeptResults.DeleteExpiredAsync(session, now, 3))).Should().Be(0);
        (await FindAsync(tenants[1], "k5", StoreRows.StoredNow)).Should().NotBeNull();
    }

    private Task<KeptResult?> FindAsync(StoredTenant tenant, string key, DateTimeOffset now) =>
        ReadAsync(session => Repositories.KeptResults.FindAsync(session, tenant.Id, key, now));

    private static KeptResult Result(StoredTenant tenant) => new()
    {
        TenantId = tenant.Id,
        Key = "key",
        Fingerprint = RandomNumberGenerator.GetBytes(32),
        WrappingKeyId = tenant.WrappingKeyId,
        Sealed = RandomNumberGenerator.GetBytes(100),
        CreatedAt = StoreRows.StoredNow,
        ExpiresAt = StoreRows.StoredNow.AddHours(24),
    };
}
