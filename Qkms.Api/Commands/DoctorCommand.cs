using System.Text;
using Qkms.Api.Hosting;
using Qkms.Core.Backups;
using Qkms.Core.Diagnosis;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Api.Commands;

/// <summary><c>doctor</c>: what an operator asks at night, each with what to do. It reads, beside the service or without it.</summary>
internal static class DoctorCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "doctor";

    private const string Json = "--json";

    /// <summary>Looks at what the settings name; the exit code.</summary>
    /// <param name="arguments">The arguments behind the command.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addSnapshot">Adds the database.</param>
    public static Task<int> RunAsync(
        string[] arguments,
        RootKeyEnvironment environment,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addSnapshot) => HostCommand.RunAsync(
        () => Split(arguments),
        given => given.Options,
        environment,
        async (given, configuration, settings) =>
        {
            DiagnosisLimits limits = new();
            HostDiagnosis host = new(settings, configuration, limits, TimeProvider.System);
            IReadOnlyList<Finding> findings = await LookAsync(
                settings, host, limits, TimeProvider.System, environment, services => addSnapshot(services, settings));
            await Console.Out.WriteLineAsync(given.Has(Json) ? ToJson(findings) : ToText(findings));
            return (int)Findings.WorstOf(findings);
        },
        "Qkms cannot look at itself");

    private static CommandArguments Split(string[] arguments)
    {
        CommandArguments given = CommandArguments.Split(arguments, Json);
        return given.Operand is null ? given : throw new SettingsException($"{Name} takes no file.");
    }

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

        return Findings.Order(findings, noBackup);
    }

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
    public static string ToJson(IReadOnlyList<Finding> findings) => CommandJson.Object(json =>
    {
        json.WriteString("status", Word(Findings.WorstOf(findings)));
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
    });

    private static string Word(Severity severity) => severity switch
    {
        Severity.Fine => "fine",
        Severity.Warning => "warning",
        _ => "failure",
    };

    // What a database says may have several lines.
    private static string OnOneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
