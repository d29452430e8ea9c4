namespace Qkms.Tests.Installation;

/// <summary>
/// F-13: the database of the build before, whose seals name no key and bind not all that decides, is taken over at the first start and not
/// again.
/// </summary>
public sealed class FormerDatabaseTests : IDisposable
{
    private const string TakenOver = "The database of an earlier build was taken over";

    private static readonly string[] _sealedTables = ["tenants", "credentials", "keys", "key_versions"];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task All_of_it_is_sealed_anew_and_works_as_before()
    {
        await FormerDatabase.PutIntoAsync(_directory.Path);

        await using (QkmsApplication app = new(_directory.Path))
        {
            using HttpClient client = app.ClientFor(FormerDatabase.ApiKey);
            await ShouldWorkAsync(client);
            app.Log.Lines.Should().ContainSingle(line => line.Contains(TakenOver, StringComparison.Ordinal));
            app.Log.Lines.Should().NotContain(line => line.StartsWith("Critical ", StringComparison.Ordinal));
        }

        using (Database database = TestStorage.OpenUntouched(_directory.Path))
        {
            foreach (string table in _sealedTables)
            {
                database.Scalar(
                    $"SELECT COUNT(*) FROM {table} WHERE seal_key_id IS NULL OR seal_key_id <> "
                    + "(SELECT id FROM keyring WHERE kind = 3 AND version = 2)").Should().Be(0L, table);
            }

            database.Strings("SELECT version_states FROM keys ORDER BY name").Should().Equal("1a1", "3r1 1a1", "1v1 1a1", "1r1 1a1");
        }

        await using QkmsApplication again = new(_directory.Path);
        using HttpClient later = again.ClientFor(FormerDatabase.ApiKey);
        await ShouldWorkAsync(later);
        again.Log.Lines.Should().NotContain(line => line.Contains(TakenOver, StringComparison.Ordinal));
        foreach (string name in new[] { "orders", "waiting", "kept" })
            (await later.RotateAsync("AES-256", new { name })).Text("status").Should().Be("active");
    }

    // F-13: once it was taken over, nothing in the former form is accepted, genuine as it may be.
    [Fact]
    public async Task A_former_row_put_back_is_refused()
    {
        await FormerDatabase.PutIntoAsync(_directory.Path);
        byte[] formerSeal;
        using (Database database = TestStorage.OpenUntouched(_directory.Path))
            formerSeal = (byte[])database.Scalar("SELECT seal FROM key_versions WHERE kid = 'orders-1'")!;

        await using QkmsApplication app = new(_directory.Path);
        using HttpClient client = app.ClientFor(FormerDatabase.ApiKey);
        await ShouldWorkAsync(client);
        using (Database database = app.OpenDatabase())
            database.Execute("UPDATE key_versions SET seal = @Seal, seal_key_id = NULL WHERE kid = 'orders-1'", ("Seal", formerSeal));

        app.Time.OutliveCaches();
        (await client.GetJsonAsync("/kms/keys/orders-1")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await DecryptAsync(client)).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        app.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains("the protection of key version orders-1", StringComparison.Ordinal));
    }

    // F-13: the way in is open as long as the master key's row is of the former build; nobody opens it again with a few old rows.
    [Theory]
    [InlineData(false, "does not open")]
    [InlineData(true, "somebody put old rows back")]
    public async Task Former_keys_put_back_do_not_bring_the_take_over_about_again(bool wholeKeyring, string refusal)
    {
        await FormerDatabase.PutIntoAsync(_directory.Path);
        Dictionary<string, byte[]> former = ReadWrapped();
        await using (QkmsApplication app = new(_directory.Path))
        {
            using HttpClient client = app.ClientFor(FormerDatabase.ApiKey);
            await ShouldWorkAsync(client);
        }

        using (Database database = TestStorage.OpenUntouched(_directory.Path))
        {
            database.Execute("UPDATE root_wrappers SET wrapped = @Wrapped", ("Wrapped", former["root"])).Should().Be(1);
            if (wholeKeyring)
            {
                database.Execute("DELETE FROM keyring WHERE kind = 3 AND version = 2").Should().Be(1);
                foreach ((string id, byte[] wrapped) in former.Where(row => row.Key != "root"))
                    database.Execute($"UPDATE keyring SET wrapped = @Wrapped WHERE id = x'{id}'", ("Wrapped", wrapped)).Should().Be(1);
            }
        }

        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(_directory.Path);

        exitCode.Should().Be(1, output);
        output.Should().Contain(refusal).And.NotContain(TakenOver);

        Dictionary<string, byte[]> ReadWrapped()
        {
            using Database database = TestStorage.OpenUntouched(_directory.Path);
            Dictionary<string, byte[]> wrapped = database
                .Bytes("SELECT id FROM keyring")
                .ToDictionary(
                    Convert.ToHexString,
                    id => (byte[])database.Scalar($"SELECT wrapped FROM keyring WHERE id = x'{Convert.ToHexString(id)}'")!);
            wrapped["root"] = (byte[])database.Scalar("SELECT wrapped FROM root_wrappers")!;
            return wrapped;
        }
    }

    /// <summary>
    /// F-15: the events of the build before stay as they are; the stream that begins at the take-over vouches for them and each key.
    /// </summary>
    [Fact]
    public async Task Its_journal_begins_as_a_chain_that_vouches_for_what_was_there()
    {
        await FormerDatabase.PutIntoAsync(_directory.Path);
        await using QkmsApplication app = new(_directory.Path);
        using HttpClient client = app.ClientFor(FormerDatabase.ApiKey);
        await ShouldWorkAsync(client);
        await client.RotateAsync("AES-256", new { name = "orders" });

        using Database database = app.OpenDatabase();
        byte[][] former = [.. database.Bytes("SELECT leaf_hash FROM audit_events WHERE position IS NULL ORDER BY id")];
        former.Should().HaveCount(18);
        database.Strings("SELECT action FROM audit_events WHERE position IS NOT NULL AND stream = 1 ORDER BY position").Should().Equal(
            "journal.begun", "journal.key_found", "journal.key_found", "journal.key_found", "journal.key_found",
            "journal.api_key_found", "journal.stream_begun", "key.rotated", "key.retired");
        database.Scalar("SELECT reason FROM audit_events WHERE action = 'journal.begun'")
            .Should().Be($"18 events; {Convert.ToHexStringLower(SHA256.HashData([.. former.SelectMany(hash => hash)]))}");
        database.Strings("SELECT action FROM audit_events WHERE position IS NOT NULL AND key_seal IS NULL AND row_seal IS NULL")
            .Should().BeEquivalentTo(["journal.stream_begun", "key.used"]);
    }

    // F-13: what was damaged before stays refused, is named, and keeps nothing else from being taken over.
    [Fact]
    public async Task Damaged_rows_are_named_and_stay_refused()
    {
        await FormerDatabase.PutIntoAsync(_directory.Path);
        using (Database database = TestStorage.OpenUntouched(_directory.Path))
        {
            database.Execute("UPDATE key_versions SET state = 2 WHERE kid = 'seals-1'").Should().Be(1);
            database.Execute("UPDATE keys SET description = NULL, created_at = created_at + 1 WHERE name = 'kept'").Should().Be(1);
        }

        await using QkmsApplication app = new(_directory.Path);
        using HttpClient client = app.ClientFor(FormerDatabase.ApiKey);

        (await DecryptAsync(client)).ShouldBe(HttpStatusCode.OK);
        (await VerifyAsync(client)).Data["valid"]!.GetValue<bool>().Should().BeTrue("the other version of the key is whole");
        (await client.GetJsonAsync("/kms/keys/seals-1")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await client.GetJsonAsync("/kms/keys/kept-1")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        Answer list = (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        list.Data["unreadable"]!.AsArray().Select(kid => (string)kid!).Should().BeEquivalentTo(["seals-1", "kept-1"]);
        foreach (string what in new[] { "key version seals-1", "version 1 of key ", "key 01a218ec-7a22-7000-8912-160a8f228dc2" })
        {
            app.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
                && line.Contains($"the protection of {what}", StringComparison.Ordinal)
                && line.Contains("taken over", StringComparison.Ordinal));
        }
    }

    // F-06: migration 0008 counts the versions that are there, of whatever state, and what is made later is counted on.
    [Fact]
    public async Task Totals_of_lists_are_right_from_the_start()
    {
        await FormerDatabase.PutIntoAsync(_directory.Path);
        Dictionary<string, long> there;
        using (Database database = TestStorage.OpenUntouched(_directory.Path))
        {
            there = database.Strings("SELECT DISTINCT algorithm FROM key_versions").ToDictionary(
                algorithm => algorithm,
                algorithm => (long)database.Scalar($"SELECT COUNT(*) FROM key_versions WHERE algorithm = '{algorithm}'")!);
        }

        there.Should().HaveCountGreaterThan(1);
        await using QkmsApplication app = new(_directory.Path);
        using HttpClient client = app.ClientFor(FormerDatabase.ApiKey);
        foreach ((string algorithm, long versions) in there)
        {
            Answer list = (await client.GetJsonAsync($"/kms/keys?algorithm={algorithm}")).ShouldBe(HttpStatusCode.OK);
            list.Number("total").Should().Be((int)versions, algorithm);
            list.Data["keys"]!.AsArray().Should().HaveCount((int)versions);
        }

        await client.RotateAsync("AES-256", new { name = "orders" });
        (await client.GetJsonAsync("/kms/keys")).Number("total").Should().Be((int)there.Values.Sum() + 1);
        (await client.GetJsonAsync("/kms/keys?algorithm=AES-256")).Number("total").Should().Be((int)there["AES-256"] + 1);
    }

    // F-13: one of them does it, the others find it done.
    [FactIf(Requirement.Postgres)]
    public async Task Of_nodes_that_start_together_one_takes_it_over()
    {
        using NodeCluster cluster = new(PostgresServer.CreateEmpty()) { RootKey = FormerDatabase.RootKey };
        await FormerDatabase.PutIntoPostgresAsync(cluster.Database.ConnectionString);
        QkmsApplication[] nodes = [.. Enumerable.Range(0, 3).Select(_ => cluster.NodeHere())];

        HttpClient[] clients = await Task.WhenAll(nodes.Select(node => Task.Run(() => node.ClientFor(FormerDatabase.ApiKey))));

        foreach (HttpClient client in clients)
            await ShouldWorkAsync(client);

        nodes.Sum(node => node.Log.Lines.Count(line => line.Contains(TakenOver, StringComparison.Ordinal))).Should().Be(1);
        cluster.Ask<long>("SELECT COUNT(*) FROM keyring WHERE kind = 3").Should().Be(2);
        foreach (QkmsApplication node in nodes)
            await node.DisposeAsync();
    }

    private static async Task ShouldWorkAsync(HttpClient client)
    {
        (await DecryptAsync(client)).ShouldBe(HttpStatusCode.OK).Text("plaintext").Should().Be("aGVsbG8=");
        (await VerifyAsync(client)).ShouldBe(HttpStatusCode.OK).Data["valid"]!.GetValue<bool>().Should().BeTrue();
        (await client.GetJsonAsync("/kms/keys/seals-1")).Text("status").Should().Be("revoked");
        (await client.GetJsonAsync("/kms/keys/waiting-1")).Text("status").Should().Be("pending_destruction");
        (await client.UseAsync("/signature/sign", new { message = "aGVsbG8=", kid = "seals-1" }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK).Data["unreadable"]!.AsArray().Should().BeEmpty();
    }

    private static Task<Answer> DecryptAsync(HttpClient client) =>
        client.UseAsync("/crypto/decrypt", new { ciphertext = FormerDatabase.Ciphertext });

    private static Task<Answer> VerifyAsync(HttpClient client) => client.UseAsync(
        "/signature/verify",
        new { message = "aGVsbG8=", signature = FormerDatabase.Signature, algorithm = "Ed25519", name = "seals", key_version = 2 });
}
