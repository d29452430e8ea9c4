using Qkms.Core.Tenants;

namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    [StoreFact]
    public async Task A_refusal_undoes_the_unit_and_reaches_its_caller_unchanged()
    {
        Tenant tenant = _rows.Tenant("acme");
        KmsException refusal = KmsErrors.ActiveKeyExists.With("taken");

        Func<Task> write = () => WriteAsync<bool>(async session =>
        {
            await Repositories.Tenants.InsertAsync(session, StoreRows.Seal(tenant));
            throw refusal;
        });

        (await write.Should().ThrowAsync<KmsException>()).Which.Should().BeSameAs(refusal);
        (await ReadAsync(session => Repositories.Tenants.FindAsync(session, tenant.Id))).Should().BeNull();
    }

    [StoreFact]
    public async Task A_unit_sees_its_own_changes_and_readers_see_them_after_the_commit()
    {
        Tenant tenant = _rows.Tenant("acme");

        bool seenInside = await WriteAsync(async session =>
        {
            await Repositories.Tenants.InsertAsync(session, StoreRows.Seal(tenant));
            return await Repositories.Tenants.FindAsync(session, tenant.Id) is not null;
        });

        seenInside.Should().BeTrue();
        (await ReadAsync(session => Repositories.Tenants.FindAsync(session, tenant.Id))).Should().NotBeNull();
    }

    [StoreFact]
    public async Task Hooks_run_in_their_order_after_the_commit_and_before_the_answer()
    {
        Tenant tenant = _rows.Tenant("acme");
        List<string> order = [];

        await WriteAsync(async session =>
        {
            session.OnCommitted(() => order.Add("first"));
            session.OnCommitted(
                () => order.Add(ReadAsync(reader => Repositories.Tenants.FindAsync(reader, tenant.Id)).GetAwaiter().GetResult() is null
                    ? "not committed"
                    : "committed"));
            order.Add("delegate");
            return await Repositories.Tenants.InsertAsync(session, StoreRows.Seal(tenant));
        });
        order.Add("answer");

        order.Should().Equal("delegate", "first", "committed", "answer");
    }

    [StoreFact]
    public async Task Hooks_of_a_refused_unit_do_not_run()
    {
        bool ran = false;

        Func<Task> write = () => WriteAsync<bool>(session =>
        {
            session.OnCommitted(() => ran = true);
            throw KmsErrors.KeyChanged.Refusal();
        });

        await write.Should().ThrowAsync<KmsException>();
        await AddTenantAsync();
        ran.Should().BeFalse();
    }

    [StoreFact]
    public async Task A_hook_that_fails_does_not_unsay_the_commit()
    {
        bool secondRan = false;

        bool added = await WriteAsync(session =>
        {
            session.OnCommitted(() => throw new InvalidOperationException("a fault of the hook"));
            session.OnCommitted(() => secondRan = true);
            return Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant("acme")));
        });

        added.Should().BeTrue();
        secondRan.Should().BeTrue();
        (await ReadAsync(session => Repositories.Tenants.AnyAsync(session))).Should().BeTrue();
    }

    [StoreFact]
    public async Task A_read_cannot_write()
    {
        Func<Task> insert = () => ReadAsync(session => Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant("acme"))));
        Func<Task> hook = () => ReadAsync(session =>
        {
            session.OnCommitted(() => { });
            return Task.FromResult(true);
        });

        (await insert.Should().ThrowAsync<Exception>()).Which
            .Should().NotBeOfType<KmsException>("it is a fault of the program, not of the database");
        await hook.Should().ThrowAsync<InvalidOperationException>();
        (await ReadAsync(session => Repositories.Tenants.AnyAsync(session))).Should().BeFalse();
    }

    [StoreFact]
    public async Task A_session_ends_with_its_delegate()
    {
        IKmsSession kept = null!;
        await WriteAsync(session =>
        {
            kept = session;
            return Task.FromResult(true);
        });

        await kept.Invoking(ended => Repositories.Tenants.AnyAsync(ended)).Should().ThrowAsync<InvalidOperationException>();
    }

    [StoreFact]
    public async Task A_write_cancelled_before_it_is_queued_does_not_run()
    {
        bool ran = false;

        Func<Task> write = () => Store.WriteAsync(
            _ =>
            {
                ran = true;
                return Task.FromResult(true);
            },
            new CancellationToken(canceled: true));

        await write.Should().ThrowAsync<OperationCanceledException>();
        await AddTenantAsync();
        ran.Should().BeFalse();
    }

    [StoreFact]
    public async Task Parallel_writes_are_all_there()
    {
        Tenant[] tenants = [.. Enumerable.Range(0, 64).Select(i => _rows.Tenant($"tenant-{i}"))];

        bool[] added = await Task.WhenAll(tenants.Select(tenant =>
            Task.Run(() => WriteAsync(session => Repositories.Tenants.InsertAsync(session, StoreRows.Seal(tenant))))));

        added.Should().AllBeEquivalentTo(true);
        foreach (Tenant tenant in tenants)
            (await ReadAsync(session => Repositories.Tenants.FindAsync(session, tenant.Id))).Should().NotBeNull();
    }

    [StoreFact]
    public async Task Parallel_writes_of_one_slot_give_it_to_one_of_them()
    {
        StoredTenant tenant = await AddTenantAsync();

        bool[] added = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ =>
            Task.Run(() => WriteAsync(session => Repositories.Keys.InsertKeyAsync(session, StoreRows.Seal(_rows.Key(tenant.Id)))))));

        added.Count(won => won).Should().Be(1);
    }
}
