using System.Diagnostics;

namespace Qkms.Tests.Verification;

/// <summary>A-40: <c>qkms verify</c> as a process: its exit status, and one sentence on standard error when it cannot verify.</summary>
public sealed class VerifyExitStatusTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>A-40: 0 when everything holds, 1 when something does not, while the service runs too.</summary>
    [Fact]
    public async Task It_is_0_when_everything_holds_and_1_when_something_does_not()
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(_directory.Path);

        (int whole, string output, string error) = await VerifyAsync();

        whole.Should().Be(0, error);
        output.Should().Contain("Everything holds.");
        using (Database database = TestStorage.Open(_directory.Path))
            database.Execute("UPDATE tenants SET plan = 'free'").Should().Be(1);

        (int edited, output, _) = await VerifyAsync();
        edited.Should().Be(1);
        output.Should().Contain("FOUND: the row of tenant").And.Contain("1 thing does not hold.");
    }

    /// <summary>A-40: 2 without a database, with no root key or another one's, and with another schema.</summary>
    [Fact]
    public async Task It_is_2_when_the_store_or_its_root_key_cannot_be_used()
    {
        if (!TestStorage.IsPostgres)
            await ShouldNotVerifyAsync("There is no root key");

        using (ServiceProcess service = await ServiceProcess.StartAsync(_directory.Path))
            (await service.TerminateAsync()).Should().Be(0);

        string rootKey = _directory.File("root.key");
        byte[] genuine = await File.ReadAllBytesAsync(rootKey);
        File.Delete(rootKey);
        await ShouldNotVerifyAsync("There is no root key");
        TestStorage.WriteRootKey(_directory.Path, RandomNumberGenerator.GetBytes(32));
        await ShouldNotVerifyAsync("does not match this database");

        await File.WriteAllBytesAsync(rootKey, genuine);
        using (Database database = TestStorage.OpenUntouched(_directory.Path))
            database.Execute("ALTER TABLE writes ADD COLUMN planted INTEGER");

        await ShouldNotVerifyAsync("schema");
    }

    /// <summary>A-40: 2 for a file that is no database, and for one that another process keeps locked.</summary>
    [FactIf(Requirement.Sqlite)]
    public async Task It_is_2_when_the_file_is_locked_or_no_database()
    {
        using (ServiceProcess service = await ServiceProcess.StartAsync(_directory.Path))
            (await service.TerminateAsync()).Should().Be(0);

        using (Database database = TestStorage.OpenUntouched(_directory.Path))
        {
            database.Execute("PRAGMA locking_mode = EXCLUSIVE");
            database.Execute("BEGIN EXCLUSIVE");
            await ShouldNotVerifyAsync("locked");
        }

        await File.WriteAllTextAsync(_directory.File("qkms.db"), new string('x', 10_000));
        await ShouldNotVerifyAsync("not a database");
    }

    /// <summary>A-40: 2 when a table stays locked longer than a statement may take, or nobody answers.</summary>
    [Fact]
    public async Task It_is_2_when_the_server_does_not_answer()
    {
        using (ServiceProcess service = await ServiceProcess.StartAsync(_directory.Path))
            (await service.TerminateAsync()).Should().Be(0);

        // A lock of SQLite's is another test's.
        if (TestStorage.IsPostgres)
        {
            using Database database = TestStorage.OpenUntouched(_directory.Path);
            database.Execute("BEGIN");
            database.Execute("LOCK TABLE audit_streams IN ACCESS EXCLUSIVE MODE");
            await ShouldNotVerifyAsync("cannot be read");
        }

        await ShouldNotVerifyAsync(
            "cannot be read",
            ("Qkms__Storage__Provider", "postgresql"),
            ("Qkms__Storage__ConnectionString", "Host=127.0.0.1;Port=1;Database=qkms;Timeout=2"));
    }

    private async Task ShouldNotVerifyAsync(string sentence, params (string Name, string Value)[] environment)
    {
        (int exitCode, string output, string error) = await VerifyAsync(environment);

        exitCode.Should().Be(2, $"{output}{error}");
        error.Should().StartWith("Qkms cannot verify: ").And.Contain(sentence).And.NotContain("   at ");
        output.Should().NotContain("Everything holds.");
    }

    private async Task<(int ExitCode, string Output, string Error)> VerifyAsync(params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Qkms.Api.dll"), "verify"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["Qkms__DataDirectory"] = _directory.Path;
        foreach ((string name, string value) in TestStorage.SettingsOf(_directory.Path))
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;

        foreach ((string name, string value) in environment)
            start.Environment[name] = value;

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, error);
    }
}
