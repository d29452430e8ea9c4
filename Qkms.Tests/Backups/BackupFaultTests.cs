using System.Diagnostics;
using Qkms.Core.Backups;
using Qkms.Tests.Crash;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Backups;

/// <summary>Issue 16: whatever happens to a backup or its making, there is a whole file or none, a whole installation or none.</summary>
public sealed class BackupFaultTests : ServiceTests, IDisposable
{
    // A machine on which none of so many kills meets a backup in its middle writes it in no time.
    private const int MostKills = 40;

    private readonly TemporaryDirectory _directory = new();

    public BackupFaultTests() => Directory.CreateDirectory(_directory.File("data"));

    private string File1 => _directory.File("one.qkms");

    public void Dispose() => _directory.Dispose();

    private protected override QkmsApplication NewApplication() => new(_directory.File("data"));

    [Fact]
    public async Task A_flipped_bit_anywhere_and_any_cut_are_refused()
    {
        await BackUpAsync();
        byte[] whole = await File.ReadAllBytesAsync(File1);
        string damaged = _directory.File("damaged.qkms");
        int tried = 0;
        for (int at = 0; at < whole.Length; at += at < 100 || at > whole.Length - 200 ? 1 : 41)
        {
            byte[] bytes = [.. whole];
            bytes[at] ^= (byte)(1 << (at % 8));
            await ShouldBeRefusedAsync(bytes, $"byte {at}");
            tried++;
        }

        foreach (int length in (int[])[0, 1, 63, 64, 100, whole.Length / 2, whole.Length - 65, whole.Length - 64, whole.Length - 1])
            await ShouldBeRefusedAsync(whole[..length], $"{length} bytes");

        await ShouldBeRefusedAsync([.. whole, 0], "one byte more");
        tried.Should().BeGreaterThan(500);

        async Task ShouldBeRefusedAsync(byte[] bytes, string because)
        {
            await File.WriteAllBytesAsync(damaged, bytes);
            Action open = () => BackupArchive.Open(damaged).Dispose();
            open.Should().Throw<BackupException>(because).WithMessage("*cut or damaged*", because);
        }
    }

    [Fact]
    public async Task A_file_that_somebody_changed_with_its_checksum_is_refused_before_anything_is_written()
    {
        await BackUpAsync();
        string target = Elsewhere();
        await RefusedAsync("lacks tables/keys.jsonl", (name, text) => name == "tables/keys.jsonl" ? null : text);
        await RefusedAsync("no manifest", (name, text) => name == "manifest.json" ? null : text);
        await RefusedAsync(
            "Table tenants",
            (name, text) => name == "tables/tenants.jsonl" ? text.Replace("default", "another", StringComparison.Ordinal) : text);
        await RefusedAsync("Table audit_events", (name, text) => name == "tables/audit_events.jsonl" ? text[..(text.Length / 2)] : text);
        await RefusedAsync("format 2", Manifest("\"format\": 1", "\"format\": 2"));
        await RefusedAsync("newer than this", Manifest("\"schema\": ", "\"schema\": 9"));
        await RefusedAsync("cannot be read", Manifest("\"release\"", "\"relaese\""));
        await RefusedAsync(
            "has a table writes", Manifest("\"idempotency\"", "\"writes\""), "tables/idempotency.jsonl", "tables/writes.jsonl");

        async Task RefusedAsync(string words, Func<string, string, string?> change, string? from = null, string? to = null)
        {
            string forged = _directory.File("forged.qkms");
            BackupFiles.Forge(File1, forged, change, from, to);
            await ShouldRefuseAsync<BackupException>(target, forged, $"*{words}*");
        }

        static Func<string, string, string?> Manifest(string from, string to) =>
            (name, text) => name == "manifest.json" ? text.Replace(from, to, StringComparison.Ordinal) : text;
    }

    [Fact]
    public async Task A_root_key_that_is_missing_or_another_is_named_and_nothing_is_made()
    {
        await BackUpAsync();
        string target = Elsewhere();
        string path = Path.Combine(target, "root.key");
        byte[] genuine = await File.ReadAllBytesAsync(path);
        File.Delete(path);
        await ShouldRefuseAsync<RootKeyException>(target, File1, "There is no root key*");

        byte[] another = RandomNumberGenerator.GetBytes(32);
        TestStorage.WriteRootKey(target, another);
        using RootKey other = new(SecretBytes.CopyOf(another), "test");
        string[] ids = [.. BackupFiles.Read(File1).Facts.RootKeyIds];
        await ShouldRefuseAsync<RootKeyException>(target, File1, $"*{other.Id}*sealed with {ids.Single()}*");

        // An id that somebody wrote into the manifest does not help.
        string forged = _directory.File("forged.qkms");
        BackupFiles.Forge(
            File1, forged, (name, text) => name == "manifest.json" ? text.Replace(ids[0], other.Id, StringComparison.Ordinal) : text);
        await ShouldRefuseAsync<RootKeyException>(target, forged, $"*{other.Id}*sealed with {ids.Single()}*");

        await File.WriteAllBytesAsync(path, genuine);
        (await BackupCommands.RestoreAsync(target, File1)).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task A_file_that_exists_is_left_alone_and_no_other_is_made()
    {
        _ = App.InitialApiKey;
        await File.WriteAllTextAsync(File1, "mine");
        Func<Task> over = () => BackupCommands.BackUpAsync(App.DataDirectory, File1);

        (await over.Should().ThrowAsync<BackupException>()).WithMessage("*exists*");

        (await File.ReadAllTextAsync(File1)).Should().Be("mine");
        Directory.GetFiles(_directory.Path).Should().Equal(File1);
    }

    [Fact]
    public async Task A_backup_under_load_is_one_moment()
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(App.DataDirectory);
        using HttpClient client = service.Client();
        using CancellationTokenSource stop = new();
        MixedLoad load = MixedLoad.Start(client, new Ledger(), stop: stop.Token);
        for (int i = 0; i < 3; i++)
        {
            await load.WaitForAsync(60 * (i + 1));
            string file = _directory.File($"{i}.qkms");
            await BackupCommands.BackUpAsync(App.DataDirectory, file);
            int during = load.Acknowledged;
            (int exitCode, string output) = await BackupCommands.RestoreAsync(App.DataDirectory, "--drill", file);
            exitCode.Should().Be(0, output);
            output.Should().Contain("Everything holds.");
            during.Should().BeGreaterThan(0);
        }

        await stop.CancelAsync();
        await load.EndAsync();
    }

    [FactIf(Requirement.SmallDisk)]
    public async Task A_disk_that_is_full_in_the_middle_leaves_no_file()
    {
        using SmallDisk disk = new(megabytes: 4);
        await BackUpAsync();
        disk.Fill();
        string file = Path.Combine(disk.Path, "one.qkms");

        Func<Task> full = () => BackupCommands.BackUpAsync(App.DataDirectory, file);

        await full.Should().ThrowAsync<IOException>();
        Directory.GetFiles(disk.Path).Select(Path.GetFileName).Should().Equal("filler");
        disk.Free();
        await BackupCommands.BackUpAsync(App.DataDirectory, file);
        BackupFiles.Read(file).Rows.Should().BePositive();
    }

    [FactIf(Requirement.SmallDisk)]
    public async Task A_disk_that_is_full_while_a_backup_is_restored_leaves_what_was_there()
    {
        await BackUpAsync();
        using SmallDisk disk = new(megabytes: 4);
        string target = Path.Combine(disk.Path, "data");
        CopyRootKey(target);
        (await BackupCommands.RestoreAsync(target, File1)).ExitCode.Should().Be(0);
        byte[] before = await File.ReadAllBytesAsync(Path.Combine(target, "qkms.db"));
        disk.Fill();

        Func<Task> full = () => BackupCommands.RestoreAsync(target, File1, "--replace");

        await full.Should().ThrowAsync<Exception>();
        (await File.ReadAllBytesAsync(Path.Combine(target, "qkms.db"))).Should().Equal(before);
        Directory.GetFiles(target).Should().NotContain(name => name.Contains("restoring"));
        disk.Free();
        (await Verify.RunAsync(target)).ExitCode.Should().Be(0);
    }

    /// <summary>Killed at any moment: there is the whole file or none, and the next backup needs no help.</summary>
    [Fact]
    public async Task A_backup_that_is_killed_leaves_a_whole_file_or_none()
    {
        await BackUpAsync();
        string file = _directory.File("killed.qkms");
        int cut = 0;
        int kills = CrashCount.Or(3, whenLong: 8);
        for (int kill = 0; kill < kills || (cut == 0 && kill < MostKills); kill++)
        {
            // By the clock, from the start of the process on, and by what it does.
            bool isWriting = kill % 2 == 1;
            bool ran = await KillAsync(App.DataDirectory, isWriting ? $"{file}.partial" : null, 150 + (kill * 480 / kills), "backup", file);
            if (File.Exists(file))
                BackupFiles.Read(file).Rows.Should().BePositive();
            else if (isWriting && ran)
                cut++;

            File.Delete(file);
        }

        cut.Should().BePositive("some were killed in the middle");
        await BackupCommands.BackUpAsync(App.DataDirectory, file);
        Directory.GetFiles(_directory.Path).Should().NotContain(name => name.EndsWith(".partial"));
    }

    /// <summary>Killed at any moment: the directory has the backup's installation, or the one that was there.</summary>
    [Fact]
    public async Task A_restore_that_is_killed_leaves_a_whole_installation()
    {
        await BackUpAsync();
        string target = Elsewhere();
        (await BackupCommands.RestoreAsync(target, File1)).ExitCode.Should().Be(0);
        int kills = CrashCount.Or(2, whenLong: 6);
        for (int kill = 0; kill < kills; kill++)
        {
            await KillAsync(target, null, 200 + (kill * 480 / kills), "restore", File1, "--replace");
            (int exitCode, string output) = await Verify.RunAsync(target);
            exitCode.Should().Be(0, output);
        }

        (await BackupCommands.RestoreAsync(target, File1, "--replace")).ExitCode.Should().Be(0);
        Directory.GetFiles(target).Should().NotContain(name => name.Contains("restoring"));
    }

    private async Task BackUpAsync()
    {
        await Client.GenerateAsync("ML-KEM-768", new { name = "kem", kid = "kem-1" });
        await Client.GenerateAsync("AES-256", new { name = "aes", kid = "aes-1" });
        await Client.MustUseAsync("/crypto/encrypt", new { kid = "aes-1", plaintext = "aGVsbG8=" });
        await BackupCommands.BackUpAsync(App.DataDirectory, File1);
    }

    private string Elsewhere()
    {
        string target = _directory.File("elsewhere");
        TestStorage.UseEmpty(target);
        CopyRootKey(target);
        return target;
    }

    private void CopyRootKey(string target) => TestStorage.WriteRootKey(
        target, Convert.FromBase64String(File.ReadAllText(Path.Combine(App.DataDirectory, "root.key"))));

    private static async Task ShouldRefuseAsync<T>(string target, string file, string message)
        where T : Exception
    {
        string[] before = Directory.GetFiles(target);
        Func<Task> restore = () => BackupCommands.RestoreAsync(target, file);

        (await restore.Should().ThrowAsync<T>()).WithMessage(message).Which.Message.Should().NotContain("\n");

        Directory.GetFiles(target).Where(name => !name.EndsWith("qkms.lock")).Should().BeEquivalentTo(before);
        if (TestStorage.IsPostgres)
        {
            using Database database = TestStorage.OpenUntouched(target);
            database.TableNames().Should().BeEmpty();
        }
    }

    /// <summary>Kills a command as soon as it writes a file, or after so many milliseconds; false where it had ended.</summary>
    private static async Task<bool> KillAsync(string dataDirectory, string? sign, int milliseconds, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Qkms.Api.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["Qkms__DataDirectory"] = dataDirectory;
        foreach ((string name, string value) in TestStorage.SettingsOf(dataDirectory, withRootKey: false))
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;

        DateTime before = sign is null ? default : File.GetLastWriteTimeUtc(sign);
        using Process process = Process.Start(start)!;
        if (sign is null)
            await Task.Delay(milliseconds);
        else
            await Task.Run(() => WaitForWrite(process, sign, before));

        bool ran = !process.HasExited;
        process.Kill();
        await process.WaitForExitAsync();
        return ran;
    }

    private static void WaitForWrite(Process process, string file, DateTime before)
    {
        while (!process.HasExited && (!File.Exists(file) || File.GetLastWriteTimeUtc(file) == before))
            Thread.SpinWait(100);
    }
}
