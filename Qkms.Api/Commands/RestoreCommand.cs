using System.Globalization;
using Qkms.Api.Hosting;
using Qkms.Core.Backups;
using Qkms.Core.Keyrings;

namespace Qkms.Api.Commands;

/// <summary>
/// <c>restore FILE</c>: writes a backup into the database that the settings name, which has no installation yet or is replaced with
/// <c>--replace</c>. <c>restore --drill FILE</c> does it in a temporary folder, uses the keys, and leaves nothing.
/// </summary>
internal static class RestoreCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "restore";

    /// <summary>Of a drill: something does not hold.</summary>
    public const int Found = 1;

    private const string Json = "--json";
    private const string Replace = "--replace";
    private const string Drill = "--drill";
    private const string Sample = "--sample=";
    private const int UsualSample = 20;
    private const int LargestSample = 10_000;

    /// <summary>Parts the arguments.</summary>
    public static CommandArguments Split(string[] arguments) => CommandArguments.Split(arguments, Json, Replace, Drill, Sample);

    /// <summary>Restores; the exit code.</summary>
    /// <param name="arguments">The arguments behind the command.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addBackup">Adds the database of the settings.</param>
    /// <param name="addFolder">Adds a database in a folder.</param>
    public static Task<int> RunAsync(
        string[] arguments,
        RootKeyEnvironment environment,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addBackup,
        Func<IServiceCollection, string, IServiceCollection> addFolder) => HostCommand.RunAsync(
        () => Split(arguments),
        environment,
        (given, settings) => RunAsync(
            given,
            settings,
            environment,
            services => addBackup(services, settings),
            addFolder,
            Console.Out,
            !Console.IsOutputRedirected),
        "Qkms cannot restore");

    /// <summary>The same with settings that were read.</summary>
    public static async Task<int> RunAsync(
        CommandArguments given,
        QkmsSettings settings,
        RootKeyEnvironment environment,
        Func<IServiceCollection, IServiceCollection> addBackup,
        Func<IServiceCollection, string, IServiceCollection> addFolder,
        TextWriter output,
        bool showBar)
    {
        string file = given.Operand ?? throw new SettingsException($"{Name} needs a file: {Name} <file> [{Replace} | {Drill}].");
        if (given.Has(Drill) && given.Has(Replace))
            throw new SettingsException($"{Drill} leaves the database alone, and {Replace} does not: give one of them.");

        using BackupArchive backup = BackupArchive.Open(file);
        IBackupProgress progress = given.Has(Json) ? new NoProgress() : new CommandProgress(output, showBar);
        if (given.Has(Drill))
        {
            RestoreDrill drill = new(settings, environment, addFolder, output, showBar, given.Has(Json));
            return await drill.RunAsync(backup, progress, SampleOf(given)) == 0 ? HostCommand.Done : Found;
        }

        using RootSecrets secrets = CommandServices.FindSecrets(environment, settings);
        await using ServiceProvider services = addBackup(new ServiceCollection())
            .AddSingleton(TimeProvider.System)
            .AddSingleton<Restorer>()
            .BuildServiceProvider();
        Restored restored = await services.GetRequiredService<Restorer>().RunAsync(
            backup, secrets, given.Has(Replace), progress, CancellationToken.None);
        (progress as CommandProgress)?.End();
        await output.WriteLineAsync(given.Has(Json) ? ToJson(backup.Manifest, restored) : ToText(backup.Manifest, restored, services));
        return HostCommand.Done;
    }

    private static int SampleOf(CommandArguments given)
    {
        string? text = given.Words.GetValueOrDefault(Sample.TrimEnd('='));
        if (text is null)
            return UsualSample;

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size <= LargestSample
            ? size
            : throw new SettingsException($"{Sample} takes a number from 0 to {LargestSample}.");
    }

    private static string ToText(BackupManifest manifest, Restored restored, ServiceProvider services) =>
        $"Restored {CommandProgress.Counted(restored.Rows, "row")} of the backup of {manifest.MadeAtText} into "
        + $"{services.GetRequiredService<IRestoreTarget>().Description}"
        + (restored.Replaced ? ", in the place of the installation that was there" : "")
        + $"; epoch {restored.Epoch} begins. What was revoked or destroyed after the backup works again until you repeat it: see "
        + "docs/backup.md.";

    private static string ToJson(BackupManifest manifest, Restored restored) => CommandJson.Object(json =>
    {
        json.WriteString("installation_id", manifest.Facts.InstallationId);
        json.WriteString("made_at", manifest.MadeAtText);
        json.WriteNumber("rows", restored.Rows);
        json.WriteBoolean("replaced", restored.Replaced);
        json.WriteNumber("epoch", restored.Epoch);
    });
}
