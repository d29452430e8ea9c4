using System.Text;
using System.Text.Json;
using Qkms.Core.Backups;
using Qkms.Core.Diagnosis;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Api.Hosting;

/// <summary><c>doctor</c>: what an operator asks at night, each with what to do. It reads, beside the service or without it.</summary>
internal static class DoctorCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "doctor";

    /// <summary>It could not look, which is as bad as the worst that it can find.</summary>
    public const int CouldNot = (int)Severity.Failure;

    private const string Json = "--json";

    /// <summary>Looks at what the settings name; the exit code.</summary>
    /// <param name="arguments">The arguments behind the command.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addSnapshot">Adds the database.</param>
    public static Task<int> RunAsync(
        string[] arguments,
        RootKeyEnvironment environment,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addSnapshot) => StartFailures.ExplainAsync(
        async () =>
        {
            BackupArguments given = BackupArguments.Split(arguments, Json);
            if (given.File is not null)
                throw new SettingsException($"{Name} takes no file.");

            if (CommandLine.Answer(given.Options) is { } answer)
            {
                await Console.Out.WriteAsync(answer);
                return (int)Severity.Fine;
            }

            EnvironmentRule.Check(EnvironmentRule.VariablesOfProcess(), environment.CredentialsDirectory);
            IConfiguration configuration = CommandConfiguration.Read(given.Options);
            QkmsSettings settings = QkmsSettings.From(configuration);
            DiagnosisLimits limits = new();
            HostDiagnosis host = new(settings, configuration, limits, TimeProvider.System);
            IReadOnlyList<Finding> findings = await LookAsync(
                settings, host, limits, TimeProvider.System, environment, services => addSnapshot(services, settings));
            await Console.Out.WriteLineAsync(given.Has(Json) ? ToJson(findings) : ToText(findings));
            return ExitCodeOf(findings);
        },
        "Qkms cannot look at itself",
        CouldNot);

    /// <summary>The same with settings that were read: what was found.</summary>
    public static async Task<IReadOnlyList<Finding>> LookAsync(
        QkmsSettings settings,
        HostDiagnosis host,
        DiagnosisLimits limits,
        TimeProvider time,
        RootKeyEnvironment environment,
        Func<IServiceCollection, IServiceCollection> addSnapshot)
    {
        (Finding rootKey, string? rootKeyId) = HostDiagnosis.LookAtRootKey(new RootKeyLocator(environment, settings.DataDirectory));
        (LastBackup? backup, Finding? noBackup) = host.FindLastBackup();
        List<Finding> findings = [rootKey, .. host.Look()];
        await using ServiceProvider services = addSnapshot(new ServiceCollection())
            .AddSingleton(time)
            .AddSingleton(limits)
            .AddSingleton<DatabaseDiagnosis>()
            .BuildServiceProvider();
        try
        {
            DatabaseDiagnosis database = services.GetRequiredService<DatabaseDiagnosis>();
            findings.AddRange(await services.GetRequiredService<IStoreSnapshot>().ReadAsync(
                session => database.LookAsync(session, new KnownBeside(rootKeyId, backup, Alarms: null)), CancellationToken.None));
        }
        catch (StoreUnusableException e)
        {
            findings.Add(Finding.Fail(
                Checks.Database, e.Message, "See docs/hardening.md for a schema that differs, else the log of the service or the server."));
        }

        return Order(findings, noBackup);
    }

    /// <summary>In the order of the checks; of a check that has something to say, what is fine is left out.</summary>
    public static IReadOnlyList<Finding> Order(IReadOnlyList<Finding> findings, Finding? noBackup)
    {
        // A note that cannot be read says more than that there is none.
        Finding[] all = noBackup is null ? [.. findings] : [.. findings.Where(one => one.Check != Checks.Backup), noBackup];
        return
        [
            .. Checks.All.SelectMany(check =>
            {
                Finding[] ofCheck = [.. all.Where(one => one.Check == check)];
                Finding[] bad = [.. ofCheck.Where(one => one.Severity != Severity.Fine)];
                return bad.Length > 0 ? bad : ofCheck.Take(1);
            }),
        ];
    }

    /// <summary>The worst of them.</summary>
    public static int ExitCodeOf(IEnumerable<Finding> findings) => findings.Max(finding => (int)finding.Severity);

    /// <summary>A line for each finding, and one for what to do.</summary>
    public static string ToText(IEnumerable<Finding> findings)
    {
        StringBuilder text = new();
        foreach (Finding finding in findings)
        {
            text.Append($"{Word(finding.Severity).ToUpperInvariant(),-8} {finding.Check,-13} {OnOneLine(finding.What)}\n");
            if (finding.Repair is { } repair)
                text.Append($"{"",-22} -> {repair}\n");
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>The same for scripts.</summary>
    public static string ToJson(IReadOnlyList<Finding> findings)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("status", Word((Severity)ExitCodeOf(findings)));
            json.WriteStartArray("findings");
            foreach (Finding finding in findings)
            {
                json.WriteStartObject();
                json.WriteString("check", finding.Check);
                json.WriteString("severity", Word(finding.Severity));
                json.WriteString("what", OnOneLine(finding.What));
                json.WriteString("repair", finding.Repair);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    private static string Word(Severity severity) => severity switch
    {
        Severity.Fine => "fine",
        Severity.Warning => "warning",
        _ => "failure",
    };

    // What a database says may have several lines.
    private static string OnOneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
