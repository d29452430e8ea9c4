using System.Globalization;
using Qkms.Api.Hosting;
using Qkms.Core.Backups;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Core.Time;
using Qkms.Core.Verification;

namespace Qkms.Api.Commands;

/// <summary><c>verify</c>: checks the journal and every key of a database, beside the service or without it.</summary>
/// <remarks>
/// Its options are the settings of the service, as <see cref="CommandLine"/> takes them: System.CommandLine would split their names at the
/// colon.
/// </remarks>
internal static class VerifyCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "verify";

    /// <summary>Everything holds.</summary>
    public const int Holds = 0;

    /// <summary>Something does not.</summary>
    public const int Found = 1;

    private const string Backup = "--backup=";

    /// <summary>Verifies what the settings name; the exit code.</summary>
    /// <param name="options">The arguments behind the command: settings of the service.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addSnapshot">Adds the database.</param>
    /// <param name="addFolder">Adds a database in a folder.</param>
    public static Task<int> RunAsync(
        string[] options,
        RootKeyEnvironment environment,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addSnapshot,
        Func<IServiceCollection, string, IServiceCollection> addFolder) => HostCommand.RunAsync(
        () => Split(options),
        environment,
        (given, settings) => given.Words.GetValueOrDefault(Backup.TrimEnd('=')) is { } backup
            ? RunAsync(backup, settings, environment, addFolder, Console.Out, !Console.IsOutputRedirected)
            : RunAsync(
                settings,
                environment,
                services => addSnapshot(services, settings),
                new VerifyReport(Console.Out, showBar: !Console.IsOutputRedirected),
                CancellationToken.None),
        "Qkms cannot verify");

    private static CommandArguments Split(string[] options)
    {
        CommandArguments given = CommandArguments.Split(options, Backup);
        return given.Operand is null
            ? given
            : throw new SettingsException($"{Name} takes no file; for a backup: {Name} {Backup}{given.Operand}.");
    }

    /// <summary>The same with a backup in place of the database: it is restored in a temporary folder.</summary>
    public static async Task<int> RunAsync(
        string file,
        QkmsSettings settings,
        RootKeyEnvironment environment,
        Func<IServiceCollection, string, IServiceCollection> addFolder,
        TextWriter output,
        bool showBar)
    {
        using BackupArchive backup = BackupArchive.Open(file);
        RestoreDrill drill = new(settings, environment, addFolder, output, showBar, isJson: false);
        return await drill.RunAsync(backup, new CommandProgress(output, showBar), sample: 0) == 0 ? Holds : Found;
    }

    /// <summary>The same with settings that were read.</summary>
    public static async Task<int> RunAsync(
        QkmsSettings settings,
        RootKeyEnvironment environment,
        Func<IServiceCollection, IServiceCollection> addSnapshot,
        VerifyReport report,
        CancellationToken cancellationToken)
    {
        await using ServiceProvider services = addSnapshot(new ServiceCollection())
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IdGenerator>()
            .AddSingleton<Keyring>()
            .AddSingleton<RowSealer>()
            .AddSingleton<Verifier>()
            .BuildServiceProvider();
        IStoreSnapshot snapshot = services.GetRequiredService<IStoreSnapshot>();
        using RootSecrets secrets = CommandServices.FindSecrets(environment, settings);
        Verifier verifier = services.GetRequiredService<Verifier>();
        VerificationSummary summary = await snapshot.ReadAsync(
            session => verifier.RunAsync(session, secrets, report), cancellationToken);
        report.End(snapshot.Description, summary);
        return report.Count == 0 ? Holds : Found;
    }
}

/// <summary>Says what is found as it is found: beside a bar on a terminal, and with a line for each tenth elsewhere.</summary>
internal sealed class VerifyReport(TextWriter output, bool showBar) : IVerificationReport
{
    private const int BarWidth = 40;
    private const int EventsBetweenCollections = 500;
    private const int MostKept = 1000;
    private readonly List<string> _findings = [];
    private long _collected;
    private int _shown = -1;

    /// <summary>How many things were found.</summary>
    public int Count { get; private set; }

    /// <summary>The first thousand of them.</summary>
    public IReadOnlyList<string> Findings => _findings;

    /// <inheritdoc/>
    void IVerificationReport.Found(string what) => Add(what);

    /// <summary>Says what was found.</summary>
    public void Add(string what)
    {
        Count++;
        if (_findings.Count < MostKept)
            _findings.Add(what);

        Clear();
        output.WriteLine($"FOUND: {what}.");
        _shown = showBar ? -1 : _shown;
    }

    /// <inheritdoc/>
    public void Progress(long done, long total)
    {
        // What the page before left is taken back at once: until the collector does so by itself, the heap grows to the processor's cache.
        // All of it: what is in use just now outlives this collection, and would wait as garbage for one of everything. A journal that is
        // short is not worth it.
        if (done - _collected >= EventsBetweenCollections)
        {
            _collected = done;
            GC.Collect();
        }

        int percent = total == 0 ? 100 : (int)(100 * done / total);
        int step = showBar ? percent : percent / 10 * 10;
        if (step == _shown)
            return;

        _shown = step;
        string events = string.Create(CultureInfo.InvariantCulture, $"{done:N0} of {total:N0} events");
        if (showBar)
            output.Write($"\r[{new string('#', percent * BarWidth / 100).PadRight(BarWidth)}] {percent,3} %, {events}");
        else
            output.WriteLine($"{step,3} %: {events}");

        output.Flush();
    }

    /// <summary>Says what was looked at, and with what result.</summary>
    public void End(string where, VerificationSummary summary)
    {
        Clear();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Looked at {Counted(summary.Tenants, "tenant")}, {Counted(summary.Streams, "journal stream")}, "
            + $"{Counted(summary.Events, "event")}, {Counted(summary.Keys, "key")}, {Counted(summary.Versions, "version")} and "
            + $"{Counted(summary.PrivateKeys, "private key")} in {where}."));
        output.WriteLine(Count switch
        {
            0 => "Everything holds.",
            1 => "1 thing does not hold.",
            _ => string.Create(CultureInfo.InvariantCulture, $"{Count:N0} things do not hold."),
        });
    }

    private static string Counted(long number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {what}{(number == 1 ? "" : "s")}");

    private void Clear()
    {
        if (showBar)
            output.Write($"\r{new string(' ', BarWidth + 60)}\r");
    }
}
