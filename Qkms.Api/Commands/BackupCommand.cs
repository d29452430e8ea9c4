using Qkms.Api.Hosting;
using Qkms.Core.Backups;
using Qkms.Core.Keyrings;

namespace Qkms.Api.Commands;

/// <summary><c>backup FILE</c>: writes all of an installation into one file, beside the service or without it.</summary>
/// <remarks>
/// Its options stand beside the settings of the service, which are read as <see cref="VerifyCommand"/> reads them. It needs no root key:
/// what is secret stays wrapped.
/// </remarks>
internal static class BackupCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "backup";

    private const string Json = "--json";

    /// <summary>Backs up what the settings name; the exit code.</summary>
    /// <param name="arguments">The arguments behind the command.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addBackup">Adds the database.</param>
    public static Task<int> RunAsync(
        string[] arguments,
        RootKeyEnvironment environment,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addBackup) => HostCommand.RunAsync(
        () => CommandArguments.Split(arguments, Json),
        environment,
        (given, settings) => RunAsync(
            given, settings.DataDirectory, services => addBackup(services, settings), Console.Out, !Console.IsOutputRedirected),
        "Qkms cannot back up");

    /// <summary>The same with settings that were read.</summary>
    public static async Task<int> RunAsync(
        CommandArguments given,
        string dataDirectory,
        Func<IServiceCollection, IServiceCollection> addBackup,
        TextWriter output,
        bool showBar)
    {
        string file = given.Operand ?? throw new SettingsException($"{Name} needs a file: {Name} <file>.");
        await using ServiceProvider services = addBackup(new ServiceCollection())
            .AddSingleton(TimeProvider.System)
            .AddSingleton<BackupWriter>()
            .BuildServiceProvider();
        IBackupProgress progress = given.Has(Json) ? new NoProgress() : new CommandProgress(output, showBar);
        BackupManifest manifest = await services.GetRequiredService<BackupWriter>().WriteAsync(
            file, CommandLine.Release, progress, CancellationToken.None);
        (progress as CommandProgress)?.End();
        await NoteAsync(file, manifest, dataDirectory);
        await output.WriteLineAsync(given.Has(Json) ? ToJson(file, manifest) : ToText(file, manifest, services));
        return HostCommand.Done;
    }

    // The backup is made, whether it can be noted or not.
    private static async Task NoteAsync(string file, BackupManifest manifest, string dataDirectory)
    {
        try
        {
            new LastBackup(manifest.MadeAt, manifest.Facts.InstallationId, Path.GetFullPath(file)).Write(dataDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(
                $"The backup is made, but 'qkms doctor' will not know of it: {LastBackup.FileName} in {dataDirectory} cannot be written.");
        }
    }

    private static string ToText(string file, BackupManifest manifest, ServiceProvider services) =>
        $"Saved {CommandProgress.Counted(manifest.Rows, "row")} of {CommandProgress.Counted(manifest.Tables.Count, "table")} from "
        + $"{services.GetRequiredService<IBackupSource>().Description} to {Path.GetFullPath(file)} "
        + $"({CommandProgress.Counted(new FileInfo(file).Length, "byte")}). It opens with root key "
        + $"{string.Join(" or ", manifest.Facts.RootKeyIds)} only: keep that apart from it.";

    private static string ToJson(string file, BackupManifest manifest) => CommandJson.Object(json =>
    {
        json.WriteString("file", Path.GetFullPath(file));
        json.WriteNumber("bytes", new FileInfo(file).Length);
        json.WriteNumber("rows", manifest.Rows);
        json.WriteString("made_at", manifest.MadeAtText);
        json.WriteString("installation_id", manifest.Facts.InstallationId);
        json.WriteTexts("root_key_ids", manifest.Facts.RootKeyIds);
    });
}
