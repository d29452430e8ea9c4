using Qkms.Api.Commands;
using Qkms.Tests.Backups;
using Qkms.Tests.Verification;

namespace Qkms.Tests.RootKeys;

/// <summary>Issue 16: <c>root-key list | add | remove | rotate</c> beside a service that goes on.</summary>
public sealed class RootKeyCommandTests : ServiceTests, IDisposable
{
    private const string Words = "correct horse battery staple lamp";

    private readonly TemporaryDirectory _directory = new();

    public RootKeyCommandTests() => Directory.CreateDirectory(_directory.File("data"));

    private string Data => App.DataDirectory;

    private string NewKey => _directory.File("new.key");

    public void Dispose() => _directory.Dispose();

    private protected override QkmsApplication NewApplication() => new(_directory.File("data"));

    [Fact]
    public async Task A_second_root_key_opens_the_installation_as_the_first_does()
    {
        _ = App.InitialApiKey;
        (await RootKeyCommands.ListAsync(Data)).Should().ContainSingle().Which.Should().Match<(string, string Kind, string, string State)>(
            key => key.Kind == "root-key" && key.State == "opens");

        string said = await RootKeyCommands.RunAsync(Data, "add", $"--file={NewKey}", "--generate");

        IReadOnlyList<(string Id, string Kind, string RootKeyId, string State)> keys = await RootKeyCommands.ListAsync(Data);
        keys.Select(key => key.State).Should().Equal("opens", "not_at_hand");
        said.Should().Contain(keys[1].RootKeyId).And.NotContain((await File.ReadAllTextAsync(NewKey)).Trim());
        (await RootKeyCommands.ListAsync(Data, With(NewKey))).Select(key => key.State).Should().Equal("not_at_hand", "opens");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(NewKey).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await Client.GenerateAsync("AES-256", new { name = "beside" });
        await App.DisposeAsync();
        File.Move(Path.Combine(Data, "root.key"), _directory.File("old.key"));
        using (ServiceProcess service = await ServiceProcess.StartAsync(Data, Environment(NewKey)))
        {
            using HttpClient client = service.Client();
            (await client.GetJsonAsync("/kms/keys/active?algorithm=AES-256&name=beside")).ShouldBe(HttpStatusCode.OK);
            (await service.TerminateAsync()).Should().Be(0);
        }

        using ServiceProcess again = await ServiceProcess.StartAsync(Data, Environment(_directory.File("old.key")));
    }

    [Fact]
    public async Task A_rotation_under_load_leaves_the_new_root_key_alone_and_the_service_goes_on()
    {
        _ = App.InitialApiKey;
        using CancellationTokenSource stop = new();
        Task<int> load = LoadAsync(stop.Token);

        string said = await RootKeyCommands.RunAsync(Data, "rotate", $"--file={NewKey}", "--generate");

        await stop.CancelAsync();
        (await load).Should().BeGreaterThan(0);
        (string Id, string Kind, string RootKeyId, string State) left = (await RootKeyCommands.ListAsync(Data, With(NewKey)))
            .Should().ContainSingle().Subject;
        left.State.Should().Be("opens");
        said.Should().Contain(left.RootKeyId).And.Contain("no longer");
        (await Client.GetJsonAsync("/audit/events?action=root_key.removed")).Data["events"]!.AsArray().Should().ContainSingle();
        (await Client.GetJsonAsync("/audit/events?action=root_key.added&actor=host")).Data["events"]!.AsArray().Should().ContainSingle();
        await Client.GenerateAsync("AES-256", new { name = "after" });
        await App.DisposeAsync();

        (await ServiceProcess.StartInVainAsync(Data)).Output.Should().Contain("does not match this database").And.Contain(left.RootKeyId);
        using ServiceProcess service = await ServiceProcess.StartAsync(Data, Environment(NewKey));

        async Task<int> LoadAsync(CancellationToken stopping)
        {
            int done = 0;
            for (; !stopping.IsCancellationRequested || done == 0; done++)
                await Client.GenerateAsync("AES-256", new { name = $"load-{done}" });

            return done;
        }
    }

    [Fact]
    public async Task A_passphrase_opens_the_installation_at_a_start()
    {
        _ = App.InitialApiKey;
        string phrase = _directory.Write("phrase", Words + "\n");
        string said = await RootKeyCommands.RunAsync(Data, "add", $"--passphrase-file={phrase}", "--json");
        said.Should().Contain("\"kind\":\"passphrase\"").And.NotContain("horse");
        (await RootKeyCommands.RunAsync(Data, "list")).Should().Contain("Argon2id, 64 MiB, 3 passes, 4 lanes").And.Contain("not at hand");
        await App.DisposeAsync();
        File.Delete(Path.Combine(Data, "root.key"));

        (await ServiceProcess.StartInVainAsync(Data)).Output.Should().Contain("There is no root key");
        string wrong = _directory.Write("wrong", Words + "s");
        (await ServiceProcess.StartInVainAsync(Data, OfPassphrase(wrong))).Output
            .Should().Contain("does not open this database").And.Contain("(passphrase)").And.NotContain("horse");
        using (ServiceProcess service = await ServiceProcess.StartAsync(Data, OfPassphrase(phrase)))
        {
            await service.SaysAsync("Qkms runs on");
            service.Output.Should().NotContain("horse");
        }

        (await RootKeyCommands.ListAsync(Data, new RootKeyEnvironment(passphraseFile: phrase)))
            .Select(key => key.State).Should().Equal("not_at_hand", "opens");

        string backup = _directory.File("phrase.qkms");
        await BackupCommands.BackUpAsync(Data, backup);
        string elsewhere = _directory.File("elsewhere");
        TestStorage.UseEmpty(elsewhere);
        if (File.Exists(Path.Combine(elsewhere, "root.key")))
            File.Delete(Path.Combine(elsewhere, "root.key"));

        Func<Task> restore = () => RestoreAsync(wrong);
        await restore.Should().ThrowAsync<RootKeyException>();
        await RestoreAsync(phrase);
        (await RootKeyCommands.ListAsync(elsewhere, new RootKeyEnvironment(passphraseFile: phrase))).Should().HaveCount(2);

        async Task RestoreAsync(string file)
        {
            using RootKeyEnvironment environment = new(passphraseFile: file);
            (await BackupCommands.RestoreAsync(elsewhere, environment, backup)).ExitCode.Should().Be(0);
        }

        static Dictionary<string, string?> OfPassphrase(string path) => new() { ["QKMS_PASSPHRASE_FILE"] = path };
    }

    [Fact]
    public async Task Nothing_is_removed_before_every_other_root_key_is_proved()
    {
        _ = App.InitialApiKey;
        string first = (await RootKeyCommands.ListAsync(Data))[0].Id;
        await ShouldRefuseAsync("*the last root key*", "remove", first);
        await RootKeyCommands.RunAsync(Data, "add", "--file", NewKey, "--generate");
        string third = _directory.File("third.key");
        await RootKeyCommands.RunAsync(Data, "add", $"--file={third}", "--generate");
        string[] ids = [.. (await RootKeyCommands.ListAsync(Data)).Select(key => key.Id)];

        await ShouldRefuseAsync("*not at hand*present it*", "remove", ids[0]);
        await ShouldRefuseAsync("*not at hand*present it*", "remove", ids[0], $"--with={NewKey}");
        await ShouldRefuseAsync("*None of the other root keys*", "remove", ids[0], $"--unproved={ids[1]}", $"--unproved={ids[2]}");
        await ShouldRefuseAsync("*There is no root key*", "remove", ids[0], "--unproved=0198", $"--with={NewKey}");
        await ShouldRefuseAsync("*There is no root key 'with that id'*", "remove", "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=");
        string fourth = _directory.File("fourth.key");
        await ShouldRefuseAsync("*not at hand*present it*", "rotate", $"--old={ids[0]}", $"--file={fourth}", "--generate");
        File.Exists(fourth).Should().BeFalse("what cannot be finished is not begun");
        (await RootKeyCommands.ListAsync(Data)).Should().HaveCount(3);

        await RootKeyCommands.RunAsync(Data, "remove", ids[0], $"--with={NewKey}", $"--unproved={ids[2]}");

        (await RootKeyCommands.ListAsync(Data, With(third))).Select(key => key.Id).Should().Equal(ids[1..]);
        Func<Task> verify = () => Verify.RunAsync(Data);
        await verify.Should().ThrowAsync<RootKeyException>("its root key was removed").WithMessage("*does not match this database*");
    }

    [Fact]
    public async Task What_is_wrong_is_said_and_leaves_no_file_and_no_row()
    {
        foreach (string[] wrong in new string[][]
        {
            [], ["show"], ["add"], ["add", "--generate"], ["add", "--file="], ["add", "--file"], ["add", "--file=a", "--passphrase"],
            ["add", "--file=a", "--file=b"], ["remove"], ["rotate"], ["list", "--json=yes"], ["add", "--file", "--generate"],
        })
        {
            Action split = () => RootKeyArguments.Split(wrong);
            split.Should().Throw<SettingsException>(string.Join(' ', wrong));
        }

        Func<Task> nowhere = () => RootKeyCommands.RunAsync(_directory.File("empty"), "add", $"--file={NewKey}", "--generate");
        await nowhere.Should().ThrowAsync<StoreUnusableException>();
        _ = App.InitialApiKey;
        string own = Path.Combine(Data, "root.key");
        await ShouldRefuseAsync("*There is no file*", "add", $"--file={NewKey}");
        await ShouldRefuseAsync("*opens the master key already*", "add", $"--file={own}");
        await ShouldRefuseAsync("*could not make a root key*", "add", $"--file={own}", "--generate");
        await ShouldRefuseAsync("*is not random*", "add", $"--file={_directory.Write("zeros.key", Convert.ToBase64String(new byte[32]))}");
        await ShouldRefuseAsync("*is empty*", "add", $"--file={_directory.Write("empty.key", "")}");
        await ShouldRefuseAsync("*less than 16*", "add", $"--passphrase-file={_directory.Write("short", "a short one")}");
        await ShouldRefuseAsync("*different characters*", "add", $"--passphrase-file={_directory.Write("same", new string('a', 40))}");
        await ShouldRefuseAsync("*several lines*", "add", $"--passphrase-file={_directory.Write("lines", Words + "\n" + Words)}");

        File.Exists(NewKey).Should().BeFalse();
        (await RootKeyCommands.ListAsync(Data)).Should().ContainSingle();
        TestStorage.WriteRootKey(_directory.File("data"), RandomNumberGenerator.GetBytes(32));
        await ShouldRefuseAsync("*does not match this database*", "add", $"--file={NewKey}", "--generate");
        File.Exists(NewKey).Should().BeFalse();
    }

    [Fact]
    public void A_passphrase_is_the_first_line_of_standard_input()
    {
        using MemoryStream input = new(Encoding.UTF8.GetBytes(Words + "\nwhat comes after it"));
        using Passphrase read = SecretPrompt.ReadLine(input);
        Encoding.UTF8.GetString(read.Text.Span).Should().Be(Words);
        read.ToString().Should().NotContain("horse");

        foreach (byte[] wrong in (byte[][])[[], "\n"u8.ToArray(), [.. Enumerable.Repeat((byte)'x', 100_000)]])
        {
            using MemoryStream other = new(wrong);
            Action take = () => SecretPrompt.ReadLine(other).Dispose();
            take.Should().Throw<RootKeyException>();
            other.Position.Should().BeLessThan(2000);
        }
    }

    private async Task ShouldRefuseAsync(string words, params string[] arguments)
    {
        Func<Task> run = () => RootKeyCommands.RunAsync(Data, arguments);
        await run.Should().ThrowAsync<RootKeyException>().WithMessage(words);
    }

    private static RootKeyEnvironment With(string file) => new(keyFile: file);

    private static Dictionary<string, string?> Environment(string file) => new() { ["QKMS_ROOT_KEY_FILE"] = file };
}
