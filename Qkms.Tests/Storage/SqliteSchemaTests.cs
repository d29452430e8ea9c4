using Microsoft.Data.Sqlite;
using Qkms.Storage.Sessions;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Storage;

/// <summary>What the schema refuses by itself, what a damaged row does, and which index serves which list.</summary>
public sealed class SqliteSchemaTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StoreRows _rows = new();
    private SqliteKmsStore? _store;
    private StoredTenant? _tenant;

    private SqliteKmsStore Store => _store!;

    private StoredTenant Tenant => _tenant!;

    public async Task InitializeAsync()
    {
        _store = await SqliteStores.OpenAsync(_directory.File("data"));
        _tenant = await StoredTenant.AddAsync(Store, _rows, "acme");
        await _tenant.AddKeyAsync("first", "ML-KEM-768", KeyState.Active);
        await _tenant.AddKeyAsync("second", "ML-DSA-65", KeyState.Active);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _store?.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("UPDATE key_versions SET state = 5", "a state that nobody knows")]
    [InlineData("UPDATE key_versions SET state = 'active'", "a state that is no number")]
    [InlineData("UPDATE key_versions SET seal = x'01'", "a seal of another length")]
    [InlineData("UPDATE keys SET id = x'01'", "an id of another length")]
    [InlineData("UPDATE keys SET version_count = next_version", "more versions than numbers given")]
    [InlineData("UPDATE key_versions SET version = 0", "a number below 1")]
    [InlineData("UPDATE keys SET delete_at = 1", "a date for a key that is not to be deleted")]
    [InlineData("UPDATE keys SET state = 3", "a key that waits for no date")]
    [InlineData("UPDATE keys SET delete_ordered_at = 1", "an order without a date")]
    [InlineData("UPDATE keys SET description = ''", "a description that says nothing")]
    [InlineData("UPDATE keys SET active_kid = 'nobody'", "an active version that is not there")]
    [InlineData("UPDATE key_versions SET key_id = zeroblob(16)", "a version without its key")]
    [InlineData("UPDATE key_material SET wrapping_key_id = zeroblob(16)", "material without its wrapping key")]
    [InlineData("UPDATE key_versions SET previous_kid = 'nobody'", "a chain that begins nowhere")]
    [InlineData("DELETE FROM keyring", "the loss of a key that wraps others")]
    [InlineData("DELETE FROM tenants", "the loss of a tenant that has keys")]
    [InlineData("UPDATE tenants SET account_id = '12345678901x'", "an account id with a letter")]
    [InlineData("INSERT INTO installation SELECT 2, installation_id, created_at FROM installation", "a second installation")]
    public async Task The_schema_refuses(string sql, string because)
    {
        Func<Task> write = () => Store.WriteAsync(session => ((KmsSession)session).ExecuteAsync(sql), CancellationToken.None);

        (await write.Should().ThrowAsync<SqliteException>(because)).Which.SqliteErrorCode.Should().Be(19, "19 is SQLITE_CONSTRAINT");
    }

    [Theory]
    [InlineData("algorithm = 'ML-KEM-7688'")]
    [InlineData("algorithm = 'Kyber768'")]
    [InlineData("created_at = 9223372036854775807")]
    [InlineData("expires_at = -9223372036854775808")]
    public async Task A_damaged_row_comes_out_with_a_seal_that_never_holds_and_hides_no_other(string damage)
    {
        await Store.WriteAsync(
            session => ((KmsSession)session).ExecuteAsync($"UPDATE key_versions SET {damage} WHERE name = 'first'"),
            CancellationToken.None);

        IReadOnlyList<VersionWithKey> listed = await Store.ReadAsync(
            session => Repositories.Keys.ListVersionsAsync(
                session, new KeyVersionQuery(Tenant.Id, null, null, null, KeyScope.All, StoreRows.Now), before: null, limit: 10),
            CancellationToken.None);

        listed.Should().HaveCount(2);
        listed.Single(row => row.Version.UnverifiedRow.Address.Name.Value == "first").Version.Seal.Should().BeEmpty();
        listed.Single(row => row.Version.UnverifiedRow.Address.Name.Value == "second").Version.Seal
            .Should().HaveCount(RowSealer.SealSize);
    }

    [Theory]
    [InlineData("v.tenant_id = @T AND v.owner_kind = '' AND v.id < @T", "key_versions_list ")]
    [InlineData("v.tenant_id = @T AND v.owner_kind = '' AND v.algorithm = @T AND v.id < @T", "key_versions_list_algorithm ")]
    [InlineData("v.tenant_id = @T AND v.owner_kind = '' AND v.name = @T AND v.id < @T", "key_versions_list_name ")]
    [InlineData("v.tenant_id = @T AND v.owner_kind = '' AND v.state = 1 AND v.id < @T", "key_versions_list_state ")]
    [InlineData("v.tenant_id = @T AND v.key_id = @T AND v.state = 1", "key_versions_active ")]
    public async Task Lists_walk_an_index_in_their_order(string where, string index)
    {
        IReadOnlyList<PlanRow> plan = await Store.ReadAsync(
            session => ((KmsSession)session).ListAsync<PlanRow>(
                $"EXPLAIN QUERY PLAN SELECT v.id FROM key_versions v WHERE {where} ORDER BY v.id DESC LIMIT 10",
                new { T = Tenant.Id.Value.ToByteArray() }),
            CancellationToken.None);

        plan.Should().Contain(step => step.Detail.Contains(index, StringComparison.Ordinal));
        plan.Should().NotContain(
            step => step.Detail.Contains("TEMP B-TREE", StringComparison.Ordinal) && !where.Contains("key_id", StringComparison.Ordinal));
    }

    // Looked for every minute, among all versions of all tenants.
    [Fact]
    public async Task What_is_due_for_destruction_is_found_by_its_index()
    {
        IReadOnlyList<PlanRow> plan = await Store.ReadAsync(
            session => ((KmsSession)session).ListAsync<PlanRow>(
                "EXPLAIN QUERY PLAN SELECT tenant_id, id FROM key_versions WHERE destroy_at <= 5 AND id > x'00' ORDER BY id LIMIT 10"),
            CancellationToken.None);

        plan.Should().Contain(step => step.Detail.Contains("key_versions_destroy ", StringComparison.Ordinal));
    }

    private sealed class PlanRow
    {
        public string Detail { get; init; } = "";
    }
}
