using System.Globalization;
using System.Text;
using Qkms.Api.Hosting;
using Qkms.Core.Keyrings;
using Qkms.Core.Lifecycle;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Api.Commands;

/// <summary>
/// <c>tenant-key rotate</c>: gives one tenant or all of them a new key, wraps what the old one wraps anew, and destroys the old one. With
/// SQLite the service is stopped meanwhile; with PostgreSQL it may run.
/// </summary>
/// <remarks>Its own options stand beside the settings of the service, which are read as <see cref="VerifyCommand"/> reads them.</remarks>
internal static class TenantKeyCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "tenant-key";

    /// <summary>Something does not open: it stays under the old key, which was not destroyed.</summary>
    public const int Left = 1;

    private const string Rotate = "rotate";
    private const string All = "--all";
    private const string Json = "--json";
    private const string OfTenant = "--tenant=";
    private const string OlderThan = "--older-than=";
    private const int MostDays = 36_500;

    // More are of no use to a person; run 'verify' for all.
    private const int MostNamed = 1000;

    /// <summary>Does what the arguments say; the exit code.</summary>
    /// <param name="arguments">The arguments behind the word.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addSnapshot">Adds the database to be read.</param>
    /// <param name="addStorage">Adds the database to be written.</param>
    public static Task<int> RunAsync(
        string[] arguments,
        RootKeyEnvironment environment,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addSnapshot,
        Func<IServiceCollection, QkmsSettings, IServiceCollection> addStorage) => HostCommand.RunAsync(
        () => Split(arguments),
        environment,
        (given, settings) => RunAsync(
            given,
            settings,
            environment,
            services => addSnapshot(services, settings),
            services => addStorage(services, settings),
            Console.Out,
            !Console.IsOutputRedirected),
        "Qkms cannot rotate");

    /// <summary>Parts the arguments.</summary>
    public static CommandArguments Split(string[] arguments) => CommandArguments.Split(arguments, All, Json, OfTenant, OlderThan);

    /// <summary>The same with settings that were read.</summary>
    public static async Task<int> RunAsync(
        CommandArguments given,
        QkmsSettings settings,
        RootKeyEnvironment environment,
        Func<IServiceCollection, IServiceCollection> addSnapshot,
        Func<IServiceCollection, IServiceCollection> addStorage,
        TextWriter output,
        bool showBar)
    {
        string? wanted = given.Words.GetValueOrDefault(OfTenant.TrimEnd('='));
        if (given.Operand != Rotate || string.IsNullOrWhiteSpace(wanted) != given.Has(All))
            throw new SettingsException($"{Name} takes {Rotate} and {OfTenant}<name or id> or {All}.");

        DateTimeOffset? madeBefore = AgeOf(given) is { } age ? TimeProvider.System.GetUtcNow() - age : null;
        await using ServiceProvider services = await CommandServices.OpenAsync(settings, environment, addSnapshot, addStorage);
        IReadOnlyList<Tenant> tenants = await FindTenantsAsync(services, wanted);
        CommandProgress? progress = given.Has(Json) ? null : new CommandProgress(output, showBar);
        Summary summary = new();
        try
        {
            for (int i = 0; i < tenants.Count; i++)
                await RotateAsync(services, tenants[i], madeBefore, summary, rows => Show(i, rows));
        }
        finally
        {
            progress?.End();

            // What was written over lies in the files of the database still.
            await services.GetRequiredService<IKmsStore>().EraseRemainsAsync(CancellationToken.None);
        }

        await output.WriteLineAsync(given.Has(Json) ? ToJson(summary) : ToText(summary));
        return summary.Left.Count == 0 ? HostCommand.Done : Left;

        void Show(int i, long rows) => progress?.At("rotating", tenants[i].Name, i + 1, tenants.Count, rows);
    }

    private static TimeSpan? AgeOf(CommandArguments given)
    {
        if (given.Words.GetValueOrDefault(OlderThan.TrimEnd('=')) is not { } text)
            return null;

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int days) && days is >= 1 and <= MostDays
            ? TimeSpan.FromDays(days)
            : throw new SettingsException($"{OlderThan.TrimEnd('=')} must be a number of days, 1 to {MostDays}.");
    }

    private static async Task RotateAsync(
        ServiceProvider services, Tenant tenant, DateTimeOffset? madeBefore, Summary summary, Action<long> show)
    {
        long rows = 0;
        show(rows);
        try
        {
            TenantKeyOutcome? outcome = await services.GetRequiredService<TenantKeyRotation>().RunAsync(
                tenant.Id, madeBefore, wrapped => show(rows += wrapped), CancellationToken.None);
            summary.Add(outcome);
        }
        catch (SealBrokenException e)
        {
            // The others are rotated nevertheless.
            summary.Left.Add(e.What);
        }
    }

    // A tenant whose row is damaged is named, and the others are rotated.
    private static async Task<IReadOnlyList<Tenant>> FindTenantsAsync(ServiceProvider services, string? wanted)
    {
        ITenantRepository repository = services.GetRequiredService<ITenantRepository>();
        RowSealer sealer = services.GetRequiredService<RowSealer>();
        IReadOnlyList<Tenant> all = await services.GetRequiredService<IKmsStore>().ReadAsync(
            async session =>
            {
                List<Tenant> found = [];
                foreach (TenantId id in await repository.ListIdsAsync(session))
                {
                    if (await repository.FindAsync(session, id) is { } row)
                        found.Add(sealer.TryOpen(row) ?? row.UnverifiedRow);
                }

                return found;
            },
            CancellationToken.None);
        if (wanted is null)
            return all;

        return all.Where(tenant => tenant.Name == wanted || tenant.Id.ToString() == wanted).Take(1).ToArray() is [var one]
            ? [one]
            : throw new SettingsException("There is no such tenant: 'api-key list' shows them.");
    }

    private static string ToText(Summary summary)
    {
        StringBuilder text = new();
        foreach (string what in summary.Left.Take(MostNamed))
            text.Append(CultureInfo.InvariantCulture, $"LEFT: {what} does not open, and stays under its old key.\n");

        text.Append("Made ").Append(CommandProgress.Counted(summary.Made, "new tenant key")).Append(", wrapped ")
            .Append(CommandProgress.Counted(summary.Wrapped, "row")).Append(" anew, destroyed ")
            .Append(CommandProgress.Counted(summary.Destroyed, "old key")).Append('.');
        if (summary.Finished > 0)
            text.Append(" Finished ").Append(CommandProgress.Counted(summary.Finished, "rotation"))
                .Append(" that had been cut off, without a new key.");

        return text.ToString();
    }

    private static string ToJson(Summary summary) => CommandJson.Object(json =>
    {
        json.WriteNumber("made", summary.Made);
        json.WriteNumber("wrapped", summary.Wrapped);
        json.WriteNumber("destroyed", summary.Destroyed);
        json.WriteNumber("finished", summary.Finished);
        json.WriteTexts("left", summary.Left.Take(MostNamed));
    });

    private sealed class Summary
    {
        public long Made { get; private set; }

        public long Finished { get; private set; }

        public long Wrapped { get; private set; }

        public long Destroyed { get; private set; }

        public List<string> Left { get; } = [];

        public void Add(TenantKeyOutcome? outcome)
        {
            if (outcome is null)
                return;

            Made += outcome.IsNew ? 1 : 0;
            Finished += !outcome.IsNew && (outcome.Wrapped > 0 || outcome.Destroyed > 0) ? 1 : 0;
            Wrapped += outcome.Wrapped;
            Destroyed += outcome.Destroyed;
            Left.AddRange(outcome.Left);
        }
    }
}
