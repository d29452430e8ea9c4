using Qkms.Api.Commands;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Backups;

/// <summary>Runs <c>qkms backup</c> and <c>qkms restore</c> in this process, on the database of a data directory.</summary>
internal static class BackupCommands
{
    public static Task<string> BackUpAsync(string dataDirectory, string file) =>
        BackUpAsync(dataDirectory, TestStorage.SettingsOf(dataDirectory), file);

    /// <summary>The same with storage of the test's own.</summary>
    public static async Task<string> BackUpAsync(string dataDirectory, IReadOnlyDictionary<string, string> storage, string file)
    {
        QkmsSettings settings = TestSettings.Of(dataDirectory, storage);
        await using StringWriter output = new();
        int exitCode = await BackupCommand.RunAsync(
            CommandArguments.Split([file]), dataDirectory, services => Program.AddBackup(services, settings), output, showBar: false);
        exitCode.Should().Be(0);
        return output.ToString();
    }

    public static Task<(int ExitCode, string Output)> RestoreAsync(string dataDirectory, params string[] arguments) =>
        RestoreAsync(dataDirectory, TestStorage.SettingsOf(dataDirectory, withRootKey: false), arguments);

    /// <summary>A drill: in which folders it was, too.</summary>
    public static async Task<(int ExitCode, string Output, IReadOnlyList<string> Folders)> DrillAsync(
        string dataDirectory, params string[] arguments)
    {
        using RootKeyEnvironment environment = new();
        List<string> folders = [];
        (int exitCode, string output) = await RestoreAsync(
            dataDirectory,
            TestStorage.SettingsOf(dataDirectory, withRootKey: false),
            environment,
            ["--drill", .. arguments],
            folders.Add);
        return (exitCode, output, folders);
    }

    /// <summary>The same with an environment of the test's own.</summary>
    public static Task<(int ExitCode, string Output)> RestoreAsync(
        string dataDirectory, RootKeyEnvironment environment, params string[] arguments) =>
        RestoreAsync(dataDirectory, TestStorage.SettingsOf(dataDirectory, withRootKey: false), environment, arguments);

    /// <summary>The same with storage of the test's own.</summary>
    public static async Task<(int ExitCode, string Output)> RestoreAsync(
        string dataDirectory, IReadOnlyDictionary<string, string> storage, params string[] arguments)
    {
        using RootKeyEnvironment environment = new();
        return await RestoreAsync(dataDirectory, storage, environment, arguments);
    }

    private static async Task<(int ExitCode, string Output)> RestoreAsync(
        string dataDirectory,
        IReadOnlyDictionary<string, string> storage,
        RootKeyEnvironment environment,
        string[] arguments,
        Action<string>? onFolder = null)
    {
        QkmsSettings settings = TestSettings.Of(dataDirectory, storage);
        await using StringWriter output = new();
        int exitCode = await RestoreCommand.RunAsync(
            RestoreCommand.Split(arguments),
            settings,
            environment,
            services => Program.AddBackup(services, settings),
            (services, folder) =>
            {
                onFolder?.Invoke(folder);
                return Program.AddFolder(services, folder);
            },
            output,
            showBar: false);
        return (exitCode, output.ToString());
    }

    /// <summary><c>qkms verify --backup=FILE</c>.</summary>
    public static async Task<(int ExitCode, string Output)> VerifyAsync(string dataDirectory, string file)
    {
        QkmsSettings settings = TestSettings.Of(dataDirectory, new Dictionary<string, string>());
        using RootKeyEnvironment environment = new();
        await using StringWriter output = new();
        int exitCode = await VerifyCommand.RunAsync(file, settings, environment, Program.AddFolder, output, showBar: false);
        return (exitCode, output.ToString());
    }
}
