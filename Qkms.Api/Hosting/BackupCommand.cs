using System.Text;
using System.Text.Json;
using Qkms.Core.Backups;
using Qkms.Core.Keyrings;

namespace Qkms.Api.Hosting;

/// <summary><c>backup FILE</c>: writes all of an installation into one file, beside the service or without it.</summary>
/// <remarks>
/// Its options stand beside the settings of the service, which are read as <see cref="VerifyCommand"/> reads them. It needs no root key:
/// what is secret stays wrapped.
/// </remarks>
internal static class BackupCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "backup";

    /// <summary>It was done.</summary>
    public const int Done = 0;

    /// <summary>It could not be done, and there is no new file.</summary>
    public const int CouldNot = 2;

    private const string Json = "--json";

    /// <summary>Backs up what the settings name; the exit code.</summary>
    /// <param name="arguments">The arguments behind the command.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addBackup">Adds the database.</param>
    public static Task<int> RunAsync(
        string[] arguments,
        RootKeyEnvironment environment,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addBackup) => StartFailures.ExplainAsync(
        async () =>
        {
            BackupArguments given = BackupArguments.Split(arguments, Json);
            if (CommandLine.Answer(given.Options) is { } answer)
            {
                await Console.Out.WriteAsync(answer);
                return Done;
            }

            EnvironmentRule.Check(EnvironmentRule.VariablesOfProcess(), environment.CredentialsDirectory);
            QkmsSettings settings = QkmsSettings.From(CommandConfiguration.Read(given.Options));
            return await RunAsync(
                given, settings.DataDirectory, services => addBackup(services, settings), Console.Out, !Console.IsOutputRedirected);
        },
        "Qkms cannot back up",
        CouldNot);

    /// <summary>The same with settings that were read.</summary>
    public static async Task<int> RunAsync(
        BackupArguments given,
        string dataDirectory,
        Func<IServiceCollection, IServiceCollection> addBackup,
        TextWriter output,
        bool showBar)
    {
        string file = given.File ?? throw new SettingsException($"{Name} needs a file: {Name} <file>.");
        await using ServiceProvider services = addBackup(new ServiceCollection())
            .AddSingleton(TimeProvider.System)
            .AddSingleton<BackupWriter>()
            .BuildServiceProvider();
        IBackupProgress progress = given.Has(Json) ? new NoProgress() : new BackupProgress(output, showBar);
        BackupManifest manifest = await services.GetRequiredService<BackupWriter>().WriteAsync(
            file, CommandLine.Release, progress, CancellationToken.None);
        (progress as BackupProgress)?.End();
        await NoteAsync(file, manifest, dataDirectory);
        await output.WriteLineAsync(given.Has(Json) ? ToJson(file, manifest) : ToText(file, manifest, services));
        return Done;
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
        $"Saved {BackupProgress.Counted(manifest.Rows, "row")} of {BackupProgress.Counted(manifest.Tables.Count, "table")} from "
        + $"{services.GetRequiredService<IBackupSource>().Description} to {Path.GetFullPath(file)} "
        + $"({BackupProgress.Counted(new FileInfo(file).Length, "byte")}). It opens with root key "
        + $"{string.Join(" or ", manifest.Facts.RootKeyIds)} only: keep that apart from it.";

    private static string ToJson(string file, BackupManifest manifest)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("file", Path.GetFullPath(file));
            json.WriteNumber("bytes", new FileInfo(file).Length);
            json.WriteNumber("rows", manifest.Rows);
            json.WriteString("made_at", manifest.MadeAtText);
            json.WriteString("installation_id", manifest.Facts.InstallationId);
            json.WriteStartArray("root_key_ids");
            foreach (string id in manifest.Facts.RootKeyIds)
                json.WriteStringValue(id);

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }
}
