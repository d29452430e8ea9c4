using System.Globalization;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Core.Time;
using Qkms.Core.Verification;

namespace Qkms.Api.Hosting;

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

    /// <summary>It could not be verified.</summary>
    public const int CouldNot = 2;

    /// <summary>Verifies what the settings name; the exit code.</summary>
    /// <param name="options">The arguments behind the command: settings of the service.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addSnapshot">Adds the database.</param>
    public static Task<int> RunAsync(
        string[] options,
        RootKeyEnvironment environment,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addSnapshot) => StartFailures.ExplainAsync(
        async () =>
        {
            if (CommandLine.Answer(options) is { } answer)
            {
                await Console.Out.WriteAsync(answer);
                return Holds;
            }

            EnvironmentRule.Check(EnvironmentRule.VariablesOfProcess(), environment.CredentialsDirectory);
            QkmsSettings settings = QkmsSettings.From(CommandConfiguration.Read(options));
            VerifyReport report = new(Console.Out, showBar: !Console.IsOutputRedirected);
            return await RunAsync(settings, environment, services => addSnapshot(services, settings), report, CancellationToken.None);
        },
        "Qkms cannot verify",
        CouldNot);

    /// <summary>The same with settings that were read.</summary>
    public static async Task<int> RunAsync(
        QkmsSettings settings,
        RootKeyEnvironment environment,
        Func<IServiceCollection, IServiceCollection> addSnapshot,
        VerifyReport report,
        CancellationToken cancellationToken)
    {
        RootKeyLocator rootKeys = new(environment, settings.DataDirectory);
        await using ServiceProvider services = addSnapshot(new ServiceCollection())
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IdGenerator>()
            .AddSingleton<Keyring>()
            .AddSingleton<RowSealer>()
            .AddSingleton<Verifier>()
            .BuildServiceProvider();
        IStoreSnapshot snapshot = services.GetRequiredService<IStoreSnapshot>();
        using RootKey rootKey = rootKeys.Find() ?? throw new RootKeyException(
            $"There is no root key: neither {RootKeyEnvironment.FileVariable} nor {RootKeyEnvironment.ValueVariable} is set, and "
            + $"{rootKeys.DefaultPath} does not exist.");
        Verifier verifier = services.GetRequiredService<Verifier>();
        VerificationSummary summary = await snapshot.ReadAsync(
            session => verifier.RunAsync(session, rootKey, report), cancellationToken);
        report.End(snapshot.Description, summary);
        return report.Count == 0 ? Holds : Found;
    }
}

/// <summary>Says what is found as it is found: beside a bar on a terminal, and with a line for each tenth elsewhere.</summary>
internal sealed class VerifyReport(TextWriter output, bool showBar) : IVerificationReport
{
    private const int BarWidth = 40;
    private int _shown = -1;

    /// <summary>How many things were found.</summary>
    public int Count { get; private set; }

    /// <inheritdoc/>
    void IVerificationReport.Found(string what)
    {
        Count++;
        Clear();
        output.WriteLine($"FOUND: {what}.");
        _shown = showBar ? -1 : _shown;
    }

    /// <inheritdoc/>
    public void Progress(long done, long total)
    {
        // What the page before left is taken back at once: until the collector does so by itself, the heap grows to the processor's cache.
        // All of it: what is in use just now outlives this collection, and would wait as garbage for one of everything.
        GC.Collect();
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
