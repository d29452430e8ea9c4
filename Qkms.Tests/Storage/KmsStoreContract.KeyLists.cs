namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    private static readonly KeyStatus[] _statuses = Enum.GetValues<KeyStatus>();

    [StoreFact]
    public async Task Lists_are_newest_first_and_page_without_gap_or_double()
    {
        StoredTenant tenant = await AddTenantAsync();
        StoredTenant other = await AddTenantAsync("other");
        List<KeyVersion> added = [];
        for (int i = 0; i < 4; i++)
        {
            added.AddRange((await tenant.AddKeyAsync($"key-{i}", "ML-KEM-768", KeyState.Retired, KeyState.Active)).Versions);
            await other.AddKeyAsync($"key-{i}", "ML-KEM-768", KeyState.Active);
        }

        List<Kid> paged = [];
        KeyVersionId? before = null;
        IReadOnlyList<VersionWithKey> page;
        do
        {
            page = await ReadAsync(session => Repositories.Keys.ListVersionsAsync(session, Query(tenant.Id), before, limit: 3));
            page.Count.Should().BeLessThanOrEqualTo(3);
            paged.AddRange(page.Select(row => row.Version.UnverifiedRow.Kid));
            before = page.Count == 0 ? before : page[^1].Version.UnverifiedRow.Id;
        }
        while (page.Count > 0);

        paged.Should().Equal(added.Select(version => version.Kid).Reverse());
    }

    // What a key says of its versions may be long, and a page may hold a thousand of them.
    [StoreFact]
    public async Task A_page_brings_each_key_once_beside_the_first_of_its_versions()
    {
        StoredTenant tenant = await AddTenantAsync();
        (Key one, _) = await tenant.AddKeyAsync("one", "ML-KEM-768", KeyState.Retired, KeyState.Retired, KeyState.Active);
        (Key two, _) = await tenant.AddKeyAsync("two", "ML-KEM-768", KeyState.Retired, KeyState.Active);

        IReadOnlyList<VersionWithKey> listed = await ReadAsync(
            session => Repositories.Keys.ListVersionsAsync(session, Query(tenant.Id), before: null, limit: 4));

        listed.Select(row => row.Version.UnverifiedRow.KeyId).Should().Equal(two.Id, two.Id, one.Id, one.Id);
        listed.Select(row => row.Key?.UnverifiedRow.Id).Should().Equal(two.Id, null, one.Id, null);
        listed[0].Key!.UnverifiedRow.States.Text.Should().Be("1r1 1a1");
    }

    [StoreFact]
    public async Task Lists_and_counts_show_the_tenants_own_keys_only()
    {
        StoredTenant tenant = await AddTenantAsync();
        Key devices = _rows.Key(tenant.Id, owner: new KeyOwner("device", "d1"));
        await tenant.AddKeyAsync(devices, _rows.Version(devices, 1));
        (_, IReadOnlyList<KeyVersion> own) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Active);

        foreach (KeyStatus? status in (KeyStatus?[])[null, KeyStatus.Active])
        {
            KeyVersionQuery query = Query(tenant.Id) with { Status = status };
            (await ReadAsync(session => Repositories.Keys.ListVersionsAsync(session, query, before: null, limit: 10)))
                .Should().ContainSingle().Which.Version.UnverifiedRow.Kid.Should().Be(own[0].Kid);
            (await ReadAsync(session => Repositories.Keys.CountVersionsAsync(session, query))).Should().Be(1);
        }
    }

    [StoreTheory]
    [InlineData(null, null, 6)]
    [InlineData("ML-KEM-768", null, 3)]
    [InlineData(null, "default", 4)]
    [InlineData("ML-DSA-65", "default", 2)]
    [InlineData("RSA-2048", null, 0)]
    public async Task Lists_and_counts_filter_by_algorithm_and_name(string? algorithm, string? name, int expected)
    {
        StoredTenant tenant = await AddTenantAsync();
        await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Retired, KeyState.Active);
        await tenant.AddKeyAsync("default", "ML-DSA-65", KeyState.Revoked, KeyState.Active);
        await tenant.AddKeyAsync("named", "ML-KEM-768", KeyState.Active);
        await tenant.AddKeyAsync("named", "ML-DSA-65", KeyState.Active);
        KeyVersionQuery query = Query(tenant.Id) with
        {
            Algorithm = algorithm is null ? null : KeyAlgorithm.FromStored(algorithm),
            Name = name is null ? null : KeyName.FromStored(name),
        };

        IReadOnlyList<VersionWithKey> listed = await ReadAsync(
            session => Repositories.Keys.ListVersionsAsync(session, query, before: null, limit: 100));

        listed.Should().HaveCount(expected);
        listed.Where(row => algorithm is not null && row.Version.UnverifiedRow.Algorithm.Name != algorithm).Should().BeEmpty();
        listed.Where(row => name is not null && row.Version.UnverifiedRow.Address.Name.Value != name).Should().BeEmpty();
        (await ReadAsync(session => Repositories.Keys.CountVersionsAsync(session, query))).Should().Be(expected);
    }

    /// <summary>
    /// Every state, expiry on each side of the moment and at it, usage on each side of the limit and at it, with and
    /// without a date of destruction.
    /// </summary>
    [StoreFact]
    public async Task The_status_filter_agrees_with_the_status_that_a_version_computes()
    {
        StoredTenant tenant = await AddTenantAsync();
        List<KeyVersion> all = [];
        foreach (KeyState state in Enum.GetValues<KeyState>())
        {
            foreach (int? expiry in (int?[])[null, -1, 0, 1])
            {
                foreach ((long? limit, long used) in ((long?, long)[])[(null, 0), (null, 99), (10, 9), (10, 10), (10, 11), (0, 0)])
                {
                    foreach (int? destroy in (int?[])[null, -1, 1])
                    {
                        Key key = _rows.Key(tenant.Id, $"key-{all.Count}");
                        KeyVersion version = _rows.Version(key, 1, state) with
                        {
                            ExpiresAt = expiry is null ? null : StoreRows.StoredNow.AddMilliseconds(expiry.Value),
                            MaxUsageLimit = limit,
                            Used = used,
                            DestroyAt = destroy is null ? null : StoreRows.StoredNow.AddMilliseconds(destroy.Value),
                        };
                        await tenant.AddKeyAsync(key, version);
                        all.Add(version);
                    }
                }
            }
        }

        foreach (KeyStatus status in _statuses)
        {
            KeyVersionQuery query = Query(tenant.Id) with { Status = status };
            Kid[] expected = [.. all.Where(version => version.StatusAt(StoreRows.Now) == status).Select(version => version.Kid).Reverse()];
            expected.Should().NotBeEmpty();

            IReadOnlyList<VersionWithKey> listed = await ReadAsync(
                session => Repositories.Keys.ListVersionsAsync(session, query, before: null, limit: 1000));

            listed.Select(row => row.Version.UnverifiedRow.Kid).Should().Equal(expected);
            listed.Should().OnlyContain(row => row.Version.UnverifiedRow.StatusAt(StoreRows.Now) == status);
            (await ReadAsync(session => Repositories.Keys.CountVersionsAsync(session, query))).Should().Be(expected.Length);
        }
    }

    // F-06: a counter per tenant and algorithm, whatever there is beside it; a name has its keys, which count their versions.
    [StoreFact]
    public async Task Counts_without_a_status_come_from_the_counters()
    {
        StoredTenant tenant = await AddTenantAsync();
        StoredTenant other = await AddTenantAsync("other");
        await tenant.AddKeyAsync("first", "ML-KEM-768", KeyState.Retired, KeyState.Active);
        await tenant.AddKeyAsync("second", "ML-KEM-768", KeyState.Destroyed);
        await tenant.AddKeyAsync("first", "AES-256", KeyState.Active);
        await other.AddKeyAsync("first", "AES-256", KeyState.Active);
        Key ofDevice = _rows.Key(tenant.Id, owner: new KeyOwner("device", "1"));
        await tenant.AddKeyAsync(ofDevice, _rows.Version(ofDevice, 1));

        (await CountAsync(Query(tenant.Id))).Should().Be(4, "destroyed versions count, and those of devices do not");
        (await CountAsync(Query(tenant.Id) with { Algorithm = KeyAlgorithm.FromStored("ML-KEM-768") })).Should().Be(3);
        (await CountAsync(Query(tenant.Id) with { Algorithm = KeyAlgorithm.FromStored("ML-DSA-65") })).Should().Be(0);
        (await CountAsync(Query(other.Id))).Should().Be(1);

        await WriteAsync(session => ((Qkms.Storage.Sessions.KmsSession)session).ExecuteAsync(
            "UPDATE version_counts SET versions = 5000 WHERE algorithm = 'ML-KEM-768'"));
        (await CountAsync(Query(tenant.Id))).Should().Be(5001);
        (await CountAsync(Query(tenant.Id) with { Name = KeyName.FromStored("first") })).Should().Be(3);
        (await CountAsync(Query(tenant.Id) with { Status = KeyStatus.Active })).Should().Be(2);
    }

    // F-06: what fails counts nothing, and of two at once both count.
    [StoreFact]
    public async Task A_counter_counts_what_is_committed()
    {
        StoredTenant tenant = await AddTenantAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => tenant.AddKeyAsync($"n{i}", "AES-256", KeyState.Active))));
        (_, IReadOnlyList<KeyVersion> versions) = await tenant.AddKeyAsync("last", "AES-256", KeyState.Active);

        (await WriteAsync(session => Repositories.Keys.InsertVersionAsync(
            session, StoreRows.Seal(versions[0]), tenant.Material(versions[0])))).Should().BeFalse("it is there already");
        Func<Task> failing = () => WriteAsync<bool>(async session =>
        {
            KeyVersion second = versions[0] with
            {
                Id = new KeyVersionId(_rows.NextId()),
                Kid = Kid.From(_rows.NextId()),
                Version = 2,
                State = KeyState.Retired,
            };
            await Repositories.Keys.InsertVersionAsync(session, StoreRows.Seal(second), tenant.Material(second));
            throw new InvalidOperationException("after all");
        });
        await failing.Should().ThrowAsync<InvalidOperationException>();

        (await CountAsync(Query(tenant.Id))).Should().Be(21);
    }

    private Task<long> CountAsync(KeyVersionQuery query) =>
        ReadAsync(session => Repositories.Keys.CountVersionsAsync(session, query));

    private static KeyVersionQuery Query(TenantId tenantId) => new(
        tenantId, Algorithm: null, Name: null, Status: null, KeyScope.All, StoreRows.Now);
}
