using Microsoft.Data.Sqlite;
using Qkms.Core.Lifecycle;
using static Qkms.Tests.Integrity.FilePieces;

namespace Qkms.Tests.Integrity;

/// <summary>
/// SQLite's own: the database file, its log and its index hold no piece of a destroyed private key, though each was there before.
/// </summary>
public sealed class DestroyedBytesTests : ServiceTests
{
    private static readonly TimeSpan _week = TimeSpan.FromDays(7);

    // keys on one page and of several, alone and between others that stay, in an order that moves rows from page to page.
    [FactIf(Requirement.Sqlite)]
    public async Task No_file_of_the_database_holds_a_piece_of_a_destroyed_key()
    {
        List<string> kids = [];
        foreach ((string algorithm, int versions) in
            new[] { (KeyUseVerbs.Aes, 150), (KeyVerbs.Kem, 60), ("ML-DSA-44", 6), ("RSA-2048", 3) })
        {
            await Client.GenerateAsync(algorithm);
            for (int i = 0; i < versions; i++)
                kids.Add((await Client.RotateAsync(algorithm)).Text("previous_kid"));
        }

        string[] kept = [.. kids.Where((_, i) => i % 10 == 3)];
        string[] first = [.. kids.Except(kept).Where((_, i) => i % 3 == 0)];
        string[] second = [.. kids.Except(kept).Except(first)];
        Dictionary<string, byte[]> wrapped = [];
        foreach (string kid in kids)
            wrapped[kid] = (await App.FindMaterialAsync(kid))!.Wrapped;

        ShouldHoldEveryPieceOf(App.DataDirectory, wrapped.Values);

        await DestroyAsync(App, Client, first);
        ShouldHoldNoPieceOf(App.DataDirectory, first.Select(kid => wrapped[kid]));
        await Client.RotateAsync();
        await DestroyAsync(App, Client, second);
        ShouldHoldNoPieceOf(App.DataDirectory, first.Concat(second).Select(kid => wrapped[kid]));
        ShouldHoldEveryPieceOf(App.DataDirectory, kept.Select(kid => wrapped[kid]));
        using Database database = App.OpenDatabase();
        database.Flaws().Should().BeEmpty();
    }

    // a backup that reads for an hour keeps the bytes that it reads, and nobody waits for it; when it is done they go.
    [FactIf(Requirement.Sqlite)]
    public async Task A_reader_holds_the_erasure_up_and_nothing_else()
    {
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");
        byte[] wrapped = (await App.FindMaterialAsync(kid))!.Wrapped;
        await Client.DestroyAsync(kid, """{"waiting_days":7}""");
        DestructionSweep sweep = App.Services.GetRequiredService<DestructionSweep>();

        using (SqliteConnection backup = new(
            new SqliteConnectionStringBuilder { DataSource = Path.Combine(App.DataDirectory, "qkms.db"), Pooling = false }.ToString()))
        {
            backup.Open();
            using SqliteTransaction reading = backup.BeginTransaction(deferred: true);
            Count(backup).Should().Be(1);

            (await App.SweepAfterAsync(_week)).Should().Be(1);

            (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("destroyed");
            await Client.GenerateAsync();
            ShouldHoldEveryPieceOf(App.DataDirectory, [wrapped]);
            App.Log.Lines.Should().Contain(line => line.StartsWith("Warning ", StringComparison.Ordinal)
                && line.Contains("write-ahead log", StringComparison.Ordinal));
            Count(backup).Should().Be(1, "the backup sees the moment at which it began");
            (await App.Store().EraseRemainsAsync(CancellationToken.None)).Should().BeFalse();
        }

        (await sweep.RunAsync(CancellationToken.None)).Should().Be(0);
        ShouldHoldNoPieceOf(App.DataDirectory, [wrapped]);
        App.Log.Text.Should().NotContain("Critical ");

        static long Count(SqliteConnection connection)
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "SELECT COUNT(*) FROM key_material";
            return (long)command.ExecuteScalar()!;
        }
    }

    // a process that was killed between the destruction and the erasure leaves the erasure to the next one.
    [FactIf(Requirement.Sqlite)]
    public async Task What_an_earlier_process_did_not_erase_is_erased_at_the_start()
    {
        using TemporaryDirectory directory = new();
        byte[] wrapped;
        using (TemporaryDirectory copied = new())
        {
            await using (QkmsApplication before = new(copied.Path) { KeepsHouse = false })
            {
                using HttpClient client = before.Client();

                // The first 16 commits of a process each empty the log for the next, which then overwrites it.
                for (int i = 0; i < 16; i++)
                    await before.Store().WriteAsync(_ => Task.FromResult(true), CancellationToken.None);

                string kid = (await client.GenerateRetiredAsync()).Text("kid");
                KeyMaterial material = (await before.FindMaterialAsync(kid))!;
                wrapped = material.Wrapped;
                await before.Store().WriteAsync(
                    session => Repositories.Keys.EraseMaterialAsync(session, material), CancellationToken.None);

                // As after kill -9: the log still holds the page with the key.
                foreach (string file in Directory.GetFiles(copied.Path).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
                    CopyShared(file, directory.File(Path.GetFileName(file)));
            }
        }

        await using QkmsApplication after = new(directory.Path)
        {
            // Somebody who reads at that moment puts the erasure off until the next sweep.
            Settings = { ["Qkms:Destruction:SweepInterval"] = "00:00:00.100" },
        };
        ShouldHoldEveryPieceOf(directory.Path, [wrapped]);
        using HttpClient reader = after.Client();
        (await reader.GetJsonAsync("/health/ready")).ShouldBe(HttpStatusCode.OK);
        await Eventually.HoldsAsync(() => Task.FromResult(new FileInfo(directory.File("qkms.db-wal")).Length == 0));

        ShouldHoldNoPieceOf(directory.Path, [wrapped]);
    }

    private static async Task DestroyAsync(QkmsApplication app, HttpClient client, string[] kids)
    {
        foreach (string kid in kids)
            (await client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);

        (await app.SweepAfterAsync(_week)).Should().Be(kids.Length);
    }

    private static void CopyShared(string from, string to)
    {
        File.WriteAllBytes(to, ReadShared(from));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(to, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
