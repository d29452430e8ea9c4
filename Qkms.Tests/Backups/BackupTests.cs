using Qkms.Core.Backups;
using Qkms.Storage.Backups;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Backups;

/// <summary>Issue 16: a backup holds the whole installation, and what is restored from it is that installation.</summary>
public sealed class BackupTests : ServiceTests, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string File1 => _directory.File("one.qkms");

    public BackupTests() => Directory.CreateDirectory(_directory.File("data"));

    public void Dispose() => _directory.Dispose();

    private protected override QkmsApplication NewApplication() => new(_directory.File("data"));

    [Fact]
    public void Every_table_is_backed_up_or_left_out_for_a_reason()
    {
        string dataDirectory = _directory.File("data");
        TestStorage.PutSchemaInto(dataDirectory);
        using Database database = TestStorage.Open(dataDirectory);

        database.TableNames().Where(name => !name.StartsWith("sqlite_", StringComparison.Ordinal))
            .Should().BeSubsetOf(BackupTables.All.Concat(BackupTables.LeftOut.Keys));
        BackupTables.All.Should().BeSubsetOf(database.TableNames()).And.NotIntersectWith(BackupTables.LeftOut.Keys);
        BackupTables.LeftOut.Values.Should().OnlyContain(reason => reason.Length > 20);
    }

    [Fact]
    public async Task What_is_restored_elsewhere_decrypts_verifies_and_goes_on()
    {
        (string ciphertext, string kid) = await PrepareAsync();
        await BackupCommands.BackUpAsync(App.DataDirectory, File1);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(File1).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        string apiKey = App.InitialApiKey;
        string other = Elsewhere("other");
        (int exitCode, string output) = await BackupCommands.RestoreAsync(other, File1);

        exitCode.Should().Be(0, output);
        output.Should().Contain("epoch ");
        (int verified, string report) = await Verify.RunAsync(other);
        verified.Should().Be(0, report);
        await using QkmsApplication after = new(other);
        using HttpClient client = after.ClientFor(apiKey);
        (await client.MustUseAsync("/crypto/decrypt", new { kid, ciphertext })).Text("plaintext").Should().Be("aGVsbG8=");
        await client.RotateAsync("ML-KEM-768", new { name = "kem" });
    }

    [Fact]
    public async Task Tables_of_a_restored_backup_are_byte_equal_and_a_later_epoch_begins()
    {
        await PrepareAsync();
        await BackupCommands.BackUpAsync(App.DataDirectory, File1);
        string other = Elsewhere("other");
        await BackupCommands.RestoreAsync(other, File1);
        string second = _directory.File("two.qkms");

        await BackupCommands.BackUpAsync(other, second);

        (BackupManifest one, BackupManifest two) = (BackupFiles.Read(File1), BackupFiles.Read(second));
        two.Tables.Should().Equal(one.Tables);
        one.Tables.Select(table => table.Name).Should().Equal(BackupTables.All);
        two.Facts.InstallationId.Should().Be(one.Facts.InstallationId);
        two.Facts.Heads.Should().BeEquivalentTo(one.Facts.Heads).And.NotBeEmpty();
        two.Facts.Epoch.Should().BeGreaterThan(one.Facts.Epoch);
    }

    /// <summary>From SQLite to PostgreSQL and back: the tables are the same bytes on each.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task A_backup_of_one_database_opens_on_the_other_and_back()
    {
        await PrepareAsync();
        await BackupCommands.BackUpAsync(App.DataDirectory, File1);
        using PostgresDatabase database = PostgresServer.CreateEmpty();
        string shared = Elsewhere("shared", register: false);
        Dictionary<string, string> storage = new()
        {
            ["Qkms:Storage:Provider"] = "postgresql",
            ["Qkms:Storage:ConnectionString"] = database.ConnectionString,
        };
        (await BackupCommands.RestoreAsync(shared, storage, File1)).ExitCode.Should().Be(0);
        (int onPostgres, string report) = await Verify.RunAsync(shared, storage);
        onPostgres.Should().Be(0, report);
        string second = _directory.File("two.qkms");
        await BackupCommands.BackUpAsync(shared, storage, second);
        string embedded = Elsewhere("embedded", register: false);
        Dictionary<string, string> none = [];
        (await BackupCommands.RestoreAsync(embedded, none, second)).ExitCode.Should().Be(0);
        (int onSqlite, report) = await Verify.RunAsync(embedded, none);
        onSqlite.Should().Be(0, report);
        string third = _directory.File("three.qkms");
        await BackupCommands.BackUpAsync(embedded, none, third);

        (BackupFiles.Read(second).Facts.Storage, BackupFiles.Read(third).Facts.Storage).Should().Be(("postgresql", "sqlite"));
        BackupFiles.Read(second).Tables.Should().Equal(BackupFiles.Read(File1).Tables);
        BackupFiles.Read(third).Tables.Should().Equal(BackupFiles.Read(File1).Tables);
    }

    [Fact]
    public async Task A_drill_uses_the_keys_and_leaves_nothing()
    {
        await PrepareAsync();
        await BackupCommands.BackUpAsync(App.DataDirectory, File1);

        (int exitCode, string output, IReadOnlyList<string> folders) =
            await BackupCommands.DrillAsync(App.DataDirectory, File1, "--sample=100");

        exitCode.Should().Be(0, output);
        output.Should().Contain("Everything holds.").And.Contain("with 9 of 9 private keys");
        (await BackupCommands.VerifyAsync(App.DataDirectory, File1)).ExitCode.Should().Be(0);
        folders.Should().ContainSingle().Which.Should().StartWith(Path.Combine(Path.GetTempPath(), "qkms-drill-"));
        Directory.Exists(folders[0]).Should().BeFalse();
    }

    [Fact]
    public async Task A_drill_and_verify_find_what_was_changed_in_the_database_before()
    {
        await PrepareAsync();
        using (Database database = App.OpenDatabase())
        {
            database.Execute("UPDATE tenants SET plan = 'free'").Should().Be(1);
            database.Execute(
                "UPDATE key_material SET wrapped = (SELECT wrapped FROM key_material m WHERE m.version_id <> key_material.version_id "
                + "ORDER BY m.version_id LIMIT 1) WHERE version_id = (SELECT id FROM key_versions WHERE kid = 'k-AES-256')");
        }

        await BackupCommands.BackUpAsync(App.DataDirectory, File1);

        (int exitCode, string output) = await BackupCommands.RestoreAsync(App.DataDirectory, "--drill", File1, "--sample=100");
        exitCode.Should().Be(1, output);
        output.Should().Contain("FOUND: the row of tenant").And.Contain("k-AES-256 does not work");
        (await BackupCommands.VerifyAsync(App.DataDirectory, File1)).ExitCode.Should().Be(1);
    }

    [Fact]
    public async Task An_installation_is_replaced_only_on_demand_and_its_nodes_notice()
    {
        await PrepareAsync();
        await BackupCommands.BackUpAsync(App.DataDirectory, File1);
        (await Client.RevokeAsync("k-AES-256")).ShouldBe(HttpStatusCode.NoContent);
        string dataDirectory = App.DataDirectory;
        Func<Task> beside = () => BackupCommands.RestoreAsync(dataDirectory, File1, "--replace");
        await beside.Should().ThrowAsync<StoreUnusableException>("a service runs");

        await App.DisposeAsync();
        byte[][] stored = TestStorage.StoredBytes(dataDirectory);
        Func<Task> over = () => BackupCommands.RestoreAsync(dataDirectory, File1);
        (await over.Should().ThrowAsync<BackupException>()).WithMessage("*There is an installation in*--replace*");
        TestStorage.StoredBytes(dataDirectory).Should().BeEquivalentTo(stored, options => options.WithStrictOrdering());

        (int exitCode, string output) = await BackupCommands.RestoreAsync(dataDirectory, File1, "--replace");
        exitCode.Should().Be(0, output);
        using Database database = TestStorage.Open(dataDirectory);
        database.Strings("SELECT kid FROM key_versions WHERE state = 3").Should().BeEmpty("the revocation came after the backup");
        Convert.ToInt64(database.Scalar("SELECT COUNT(*) FROM epochs"), null).Should().Be(1);
        Convert.ToInt64(database.Scalar("SELECT number FROM epochs"), null)
            .Should().BeGreaterThan(BackupFiles.Read(File1).Facts.Epoch);
    }

    /// <summary>F-40: a node that has worked on the installation before refuses it, until it is told.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task A_node_of_before_refuses_what_was_restored()
    {
        using PostgresDatabase database = PostgresServer.CreateEmpty();
        string node = Elsewhere("node", register: false);
        string host = Elsewhere("host", register: false);
        TestStorage.WriteRootKey(node, Convert.FromBase64String(await File.ReadAllTextAsync(Path.Combine(host, "root.key"))));
        Dictionary<string, string> storage = new()
        {
            ["Qkms:Storage:Provider"] = "postgresql",
            ["Qkms:Storage:ConnectionString"] = database.ConnectionString,
        };
        await StartOnceAsync(node);
        await BackupCommands.BackUpAsync(host, storage, File1);

        (int exitCode, string output) = await BackupCommands.RestoreAsync(host, storage, File1, "--replace");

        exitCode.Should().Be(0, output);
        (int refused, string said) = await ServiceProcess.StartInVainAsync(node, VariablesOf(storage));
        refused.Should().Be(1, said);
        said.Should().Contain("does not have epoch 1");
        await StartOnceAsync(host);
        File.Delete(Path.Combine(node, "database-epoch"));
        await StartOnceAsync(node);

        async Task StartOnceAsync(string dataDirectory)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(dataDirectory, VariablesOf(storage));
            (await service.TerminateAsync()).Should().Be(0);
        }
    }

    private static Dictionary<string, string?> VariablesOf(Dictionary<string, string> settings) =>
        settings.ToDictionary(pair => pair.Key.Replace(":", "__", StringComparison.Ordinal), pair => (string?)pair.Value);

    // A data directory with the same root key and nothing else.
    private string Elsewhere(string name, bool register = true)
    {
        string other = _directory.File(name);
        if (register)
            TestStorage.UseEmpty(other);

        byte[] rootKey = File.Exists(Path.Combine(App.DataDirectory, "root.key"))
            ? Convert.FromBase64String(File.ReadAllText(Path.Combine(App.DataDirectory, "root.key")))
            : RandomNumberGenerator.GetBytes(32);
        TestStorage.WriteRootKey(other, rootKey);
        return other;
    }

    private async Task<(string Ciphertext, string Kid)> PrepareAsync()
    {
        foreach (string algorithm in (string[])["ML-DSA-65", "RSA-2048", "AES-256", "Ed25519", "EC-P256", "HMAC-256"])
            await Client.GenerateAsync(algorithm, new { kid = $"k-{algorithm}" });

        await Client.GenerateAsync("ML-KEM-768", new { name = "kem", kid = "kem-1" });
        await Client.GenerateAsync("ML-KEM-768", new { name = "raw", use = "kem" });
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { kid = "kem-1", plaintext = "aGVsbG8=" }))
            .Text("ciphertext");
        await Client.RotateAsync("ML-KEM-768", new { name = "kem" });
        return (ciphertext, "kem-1");
    }
}
