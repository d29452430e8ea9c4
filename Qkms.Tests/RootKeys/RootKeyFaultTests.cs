using Qkms.Tests.Backups;
using Qkms.Tests.Integrity;
using Qkms.Tests.Verification;

namespace Qkms.Tests.RootKeys;

/// <summary>Issue 16: root keys that somebody edits or puts back, two changes at once, and a kill at any step.</summary>
public sealed class RootKeyFaultTests : ServiceTests, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public RootKeyFaultTests() => Directory.CreateDirectory(_directory.File("data"));

    private string Data => App.DataDirectory;

    private string NewKey => _directory.File("new.key");

    public void Dispose() => _directory.Dispose();

    private protected override QkmsApplication NewApplication() => new(_directory.File("data"));

    [Fact]
    public async Task A_removed_root_key_that_is_put_back_is_noticed()
    {
        _ = App.InitialApiKey;
        OldRows wrappers = OldRows.Of(App, "root_wrappers", "1 = 1");
        OldRows set = OldRows.Of(App, "root_wrapper_set", "1 = 1");
        await RootKeyCommands.RunAsync(Data, "rotate", $"--file={NewKey}", "--generate");
        OldRows now = OldRows.Of(App, "root_wrappers", "1 = 1");
        string key = await File.ReadAllTextAsync(NewKey);
        (await VerifyAsync()).ExitCode.Should().Be(2, "root.key was removed");

        // By who has kept the old root key, which is in root.key still.
        wrappers.PutBack();
        await ShouldBeNoticedAsync("not those of epoch 3");

        set.PutBack();
        await ShouldBeNoticedAsync("put back to epoch 1", "journal tells of epoch 3");

        using (Database database = App.OpenDatabase())
            database.Execute("DELETE FROM root_wrapper_set").Should().Be(1);

        await ShouldBeNoticedAsync("root_wrapper_set", start: "its root keys were changed");

        // With the events about it, only the hole in the journal says so.
        now.PutBack();
        File.Delete(Path.Combine(Data, "root.key"));
        File.Move(NewKey, Path.Combine(Data, "root.key"));
        key.Should().NotBeEmpty();
        await ShouldBeNoticedAsync("root_wrapper_set", start: "its root keys were changed");
    }

    [Fact]
    public async Task Without_its_events_too_an_old_set_is_found_by_verify()
    {
        _ = App.InitialApiKey;
        OldRows wrappers = OldRows.Of(App, "root_wrappers", "1 = 1");
        OldRows set = OldRows.Of(App, "root_wrapper_set", "1 = 1");
        await RootKeyCommands.RunAsync(Data, "rotate", $"--file={NewKey}", "--generate");
        wrappers.PutBack();
        set.PutBack();
        using (Database database = App.OpenDatabase())
            database.Execute("DELETE FROM audit_events WHERE action IN ('root_key.added', 'root_key.removed')").Should().Be(2);

        (int exitCode, string output) = await VerifyAsync();

        exitCode.Should().Be(1, output);
        output.Should().Contain("position");
    }

    [Fact]
    public async Task A_wrapping_that_somebody_adds_or_edits_is_noticed_although_another_one_opens()
    {
        _ = App.InitialApiKey;
        await RootKeyCommands.RunAsync(Data, "add", $"--file={NewKey}", "--generate");
        string second = (await RootKeyCommands.ListAsync(Data))[1].RootKeyId;
        (await VerifyAsync()).ExitCode.Should().Be(0);
        foreach (string change in (string[])
        [
            $"UPDATE root_wrappers SET parameters = 'x' WHERE root_key_id = '{second}'",
            $"UPDATE root_wrappers SET kind = 'passphrase' WHERE root_key_id = '{second}'",
            $"UPDATE root_wrappers SET state = 3 WHERE root_key_id = '{second}'",
            $"UPDATE root_wrappers SET root_key_id = 'x' WHERE root_key_id = '{second}'",
            "UPDATE root_wrapper_set SET epoch = 3",
            $"DELETE FROM root_wrappers WHERE root_key_id = '{second}'",
        ])
        {
            OldRows before = OldRows.Of(App, "root_wrappers", "1 = 1");
            OldRows set = OldRows.Of(App, "root_wrapper_set", "1 = 1");
            using (Database database = App.OpenDatabase())
                database.Execute(change).Should().Be(1, change);

            await ShouldBeNoticedAsync("root_wrappers are not those");
            Func<Task> add = () => RootKeyCommands.RunAsync(Data, "add", $"--file={_directory.File("third.key")}", "--generate");
            await add.Should().ThrowAsync<StoreUnusableException>(change);
            before.PutBack();
            set.PutBack();
        }

        File.Exists(_directory.File("third.key")).Should().BeFalse();
        (await VerifyAsync()).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task Of_many_changes_at_once_each_counts()
    {
        _ = App.InitialApiKey;
        string[] files = [.. Enumerable.Range(0, 6).Select(i => _directory.File($"{i}.key"))];

        await Task.WhenAll(files.Select(file => Task.Run(() => RootKeyCommands.RunAsync(Data, "add", $"--file={file}", "--generate"))));

        (await RootKeyCommands.ListAsync(Data)).Should().HaveCount(7);
        (await VerifyAsync()).Should().Match<(int ExitCode, string)>(result => result.ExitCode == 0);
        string[] same = [.. Enumerable.Repeat(files[0], 2)];
        string id = (await RootKeyCommands.ListAsync(Data, new RootKeyEnvironment(keyFile: files[0])))
            .Single(key => key.State == "opens").Id;
        string[] all = [.. files.Select(file => $"--with={file}")];
        bool[] removed = await Task.WhenAll(same.Select(_ => Task.Run(async () =>
        {
            try
            {
                await RootKeyCommands.RunAsync(Data, ["remove", id, .. all]);
                return true;
            }
            catch (RootKeyException)
            {
                return false;
            }
        })));
        removed.Count(done => done).Should().Be(1);
        (await RootKeyCommands.ListAsync(Data)).Should().HaveCount(6);
    }

    [Fact]
    public async Task A_backup_of_before_a_rotation_opens_with_the_root_key_of_then()
    {
        _ = App.InitialApiKey;
        string backup = _directory.File("before.qkms");
        await BackupCommands.BackUpAsync(Data, backup);
        string old = await File.ReadAllTextAsync(Path.Combine(Data, "root.key"));
        await RootKeyCommands.RunAsync(Data, "rotate", $"--file={NewKey}", "--generate");
        string elsewhere = _directory.File("elsewhere");
        TestStorage.UseEmpty(elsewhere);
        TestStorage.WriteRootKey(elsewhere, Convert.FromBase64String(await File.ReadAllTextAsync(NewKey)));

        Func<Task> withNew = () => BackupCommands.RestoreAsync(elsewhere, backup);
        await withNew.Should().ThrowAsync<RootKeyException>().WithMessage("*does not match this backup*");
        TestStorage.WriteRootKey(elsewhere, Convert.FromBase64String(old));
        (await BackupCommands.RestoreAsync(elsewhere, backup)).ExitCode.Should().Be(0);

        (int exitCode, string output) = await Verify.RunAsync(elsewhere);
        exitCode.Should().Be(0, output);
        (await RootKeyCommands.ListAsync(elsewhere)).Should().ContainSingle().Which.State.Should().Be("opens");
        await RootKeyCommands.RunAsync(elsewhere, "add", $"--file={NewKey}");
    }

    [FactIf(Requirement.LongTestsOnSqlite)]
    public async Task Killed_at_any_moment_of_a_rotation_something_opens_and_the_set_holds()
    {
        _ = App.InitialApiKey;
        await App.DisposeAsync();

        // The file of the data directory is written over below with whichever is tried.
        string first = _directory.File("first.key");
        File.Copy(Path.Combine(Data, "root.key"), first);
        string[] keys = [first];
        int killed = 0;
        for (int round = 0; round < 12 || (killed == 0 && round < 40); round++)
        {
            string next = _directory.File($"{round}.key");
            RootKeyProcess process = new(Data, keys, "rotate", $"--file={next}", "--generate");

            // By the clock, from the start of the process on, and by what it does: the new root key is there before it is used.
            if (round % 3 == 2)
                await Task.Run(() => process.WaitFor(() => File.Exists(next)));
            else
                await Task.Delay(TimeSpan.FromMilliseconds(250 + (90 * round)));

            killed += process.Kill() ? 1 : 0;
            if (File.Exists(next))
                keys = [next, .. keys];

            // Whichever of them are there: one opens, and the set is what the journal says.
            (int exitCode, string output) = (-1, "");
            foreach (string key in keys)
            {
                TestStorage.WriteRootKey(Data, Convert.FromBase64String(await File.ReadAllTextAsync(key)));
                if ((await OpensAsync()) is not { } opened)
                    continue;

                (exitCode, output) = opened;
                keys = [key, .. keys.Where(other => other != key)];
                break;
            }

            exitCode.Should().Be(0, $"round {round}: {output}");
        }

        killed.Should().BeGreaterThan(0);

        async Task<(int ExitCode, string Output)?> OpensAsync()
        {
            try
            {
                return await Verify.RunAsync(Data);
            }
            catch (RootKeyException)
            {
                return null;
            }
        }
    }

    [FactIf(Requirement.SmallDisk)]
    public async Task A_full_disk_leaves_the_root_keys_as_they_were()
    {
        if (TestStorage.IsPostgres)
            return;

        using SmallDisk disk = new(megabytes: 8);
        string data = Path.Combine(disk.Path, "data");
        await using (QkmsApplication there = new(data))
            _ = there.InitialApiKey;

        disk.Fill();
        Func<Task> add = () => RootKeyCommands.RunAsync(data, "add", $"--file={NewKey}", "--generate");
        await add.Should().ThrowAsync<Exception>();

        disk.Free();
        File.Exists(NewKey).Should().BeFalse("a root key that opens nothing is no use");
        (await RootKeyCommands.ListAsync(data)).Should().ContainSingle();
        await RootKeyCommands.RunAsync(data, "rotate", $"--file={NewKey}", "--generate");
    }

    private async Task ShouldBeNoticedAsync(string words, string? further = null, string? start = null)
    {
        (int exitCode, string output) = await VerifyAsync();
        exitCode.Should().NotBe(0, words);
        output.Should().Contain(words).And.Contain(further ?? words);
        string copy = _directory.File("copy");
        if (Directory.Exists(copy))
            Directory.Delete(copy, recursive: true);

        Directory.CreateDirectory(copy);
        TestStorage.Copy(Data, copy);
        (int startCode, string said) = await ServiceProcess.StartInVainAsync(copy);
        startCode.Should().Be(1, words);
        said.Should().Contain(start ?? words);
    }

    // What cannot be verified is noticed as well.
    private async Task<(int ExitCode, string Output)> VerifyAsync()
    {
        try
        {
            return await Verify.RunAsync(Data);
        }
        catch (Exception e) when (e is RootKeyException or StoreUnusableException)
        {
            return (2, e.Message);
        }
    }
}
