namespace Qkms.Tests.Hosting;

/// <summary>What stops a start says so in one line, and leaves everything as it was.</summary>
public sealed class StartTests
{
    [FactIf(Requirement.Sqlite)]
    public async Task A_first_start_makes_private_files_and_prints_paths_but_no_secret()
    {
        using TemporaryDirectory directory = new();
        string data = directory.File("data");
        using ServiceProcess service = await ServiceProcess.StartAsync(data);

        string apiKey = await File.ReadAllTextAsync(Path.Combine(data, "initial-api-key"));
        await service.SaysAsync("is in the data directory");
        service.Output.Should().Contain(Path.Combine(data, "initial-api-key")).And.NotContain(apiKey).And.NotContain(apiKey[^49..]);
        service.Output.Should().NotContain((await File.ReadAllTextAsync(Path.Combine(data, "root.key"))).Trim());

        // F-90: the README reads the file, so the line does not ask to delete it.
        service.Output.Should().Contain("Move it to where you keep secrets").And.NotContain("delete the file");
        service.Output.Should().Contain("SQLite").And.Contain("engine bouncycastle");
        service.Output.Should().Contain("root key").And.Contain("is in the data directory", "outside Development it is warned of");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(data).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (string file in Directory.GetFiles(data))
                File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
        }

        (await service.TerminateAsync()).Should().Be(0);
    }

    [Fact]
    public async Task A_second_start_makes_nothing_anew()
    {
        using TemporaryDirectory directory = new();
        string kid;
        using (ServiceProcess first = await ServiceProcess.StartAsync(directory.Path))
        {
            using HttpClient client = first.Client();
            kid = (await client.GenerateAsync()).Text("kid");
            (await first.TerminateAsync()).Should().Be(0);
        }

        byte[] rootKey = await File.ReadAllBytesAsync(directory.File("root.key"));
        byte[] apiKey = await File.ReadAllBytesAsync(directory.File("initial-api-key"));
        using ServiceProcess second = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient again = second.Client();
        (await again.ActiveAsync()).Text("kid").Should().Be(kid);
        (await File.ReadAllBytesAsync(directory.File("root.key"))).Should().Equal(rootKey);
        (await File.ReadAllBytesAsync(directory.File("initial-api-key"))).Should().Equal(apiKey);
    }

    [Fact]
    public async Task A_root_key_that_is_wrong_missing_or_damaged_stops_the_start_and_changes_nothing()
    {
        using TemporaryDirectory directory = new();
        await MakeAsync(directory.Path);
        byte[] right = await File.ReadAllBytesAsync(directory.File("root.key"));
        string otherKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

        await RefusedAsync("root key does not match this database", () => WriteAsync(Encoding.ASCII.GetBytes(otherKey)));
        await RefusedAsync("There is no root key", () => Delete(directory.File("root.key")));
        await RefusedAsync("32", () => WriteAsync(right[..20]));
        await RefusedAsync("empty", () => WriteAsync([]));
        if (!OperatingSystem.IsWindows())
            await RefusedAsync("open to other users", () => WriteAsync(right, UnixFileMode.UserRead | UnixFileMode.OtherRead));

        await WriteAsync(right);
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient client = service.Client();
        (await client.ActiveAsync()).Text("status").Should().Be("active");

        async Task WriteAsync(byte[] content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
        {
            await File.WriteAllBytesAsync(directory.File("root.key"), content);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(directory.File("root.key"), mode);
        }

        async Task RefusedAsync(string why, Func<Task> damage)
        {
            await damage();
            (int exitCode, string output) = await ServiceProcess.StartInVainAsync(directory.Path);
            exitCode.Should().Be(1, output);
            output.Should().Contain(why).And.NotContain("   at ");
        }
    }

    [Fact]
    public async Task A_root_key_from_the_environment_is_used_and_wiped_from_it()
    {
        using TemporaryDirectory directory = new();
        string rootKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, new() { ["QKMS_ROOT_KEY"] = rootKey });

        File.Exists(directory.File("root.key")).Should().BeFalse();
        await service.SaysAsync("Qkms runs on");
        service.Output.Should().NotContain(rootKey);
        if (OperatingSystem.IsLinux())
        {
            string environment = await File.ReadAllTextAsync($"/proc/{service.Id}/environ");
            environment.Should().NotContain(rootKey);
        }
    }

    [TheoryIf(Requirement.Sqlite)]
    [InlineData("Qkms__Crypto__Engine", "quantum", "Qkms:Crypto:Engine")]
    [LongInlineData("Qkms__ShutdownTimeout", "00:00:00", "Qkms:ShutdownTimeout")]
    [InlineData("Qkms__DataDirectory", "", "Qkms:DataDirectory")]
    [LongInlineData("Qkms__DataDirektory", "x", "Qkms:DataDirektory")]
    [LongInlineData("ASPNETCORE_URLS", "foo", "foo")]
    [InlineData("ASPNETCORE_URLS", "http://0.0.0.0:0", "Qkms:Http:AllowPlaintext")]
    public Task A_setting_that_cannot_be_used_stops_the_start_by_its_name(string variable, string value, string named) =>
        ShouldStopTheStartAsync(variable, value, named);

    [TheoryIf(Requirement.LongTestsOnSqlite)]
    [InlineData("Qkms__Crypto__Engine", "auto", "Qkms:Crypto:Engine")]
    [InlineData("Qkms__Crypto__StrictEngine", "perhaps", "Qkms:Crypto:StrictEngine")]
    [InlineData("Qkms__ApiKeys__Prefix", "a-b", "Qkms:ApiKeys:Prefix")]
    [InlineData("Qkms__Http__AllowPlaintext", "maybe", "Qkms:Http:AllowPlaintext")]
    [InlineData("Qkms__ShutdownTimeout", "01:00:00", "Qkms:ShutdownTimeout")]
    [InlineData("Qkms__ShutdownTimeout", "25", "Qkms:ShutdownTimeout")]
    [InlineData("Qkms__Destruction__SweepInterval", "00:00:00", "Qkms:Destruction:SweepInterval")]
    [InlineData("Qkms__Destruction__SweepInterval", "1.00:00:00", "Qkms:Destruction:SweepInterval")]
    [InlineData("Qkms__Crypto", "managed", "Qkms:Crypto")]
    [InlineData("ASPNETCORE_URLS", "http://*:0", "Qkms:Http:AllowPlaintext")]
    public Task Further_settings_that_cannot_be_used_do_too(string variable, string value, string named) =>
        ShouldStopTheStartAsync(variable, value, named);

    private static async Task ShouldStopTheStartAsync(string variable, string value, string named)
    {
        using TemporaryDirectory directory = new();

        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(directory.File("data"), new() { [variable] = value });

        exitCode.Should().Be(1, output);
        output.Should().Contain(named).And.NotContain("   at ");
        Directory.Exists(directory.File("data")).Should().BeFalse("a start that is refused makes nothing");
    }

    [FactIf(Requirement.Sqlite)]
    public async Task A_second_process_on_the_same_data_directory_is_refused()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess first = await ServiceProcess.StartAsync(directory.Path);

        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(directory.Path);

        exitCode.Should().Be(1, output);
        output.Should().Contain(directory.Path).And.NotContain("   at ");
        using HttpClient client = first.Client();
        await client.GenerateAsync();
    }

    private static async Task MakeAsync(string path)
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(path);
        using HttpClient client = service.Client();
        await client.GenerateAsync();
        (await service.TerminateAsync()).Should().Be(0);
    }

    private static Task Delete(string path)
    {
        File.Delete(path);
        return Task.CompletedTask;
    }
}
