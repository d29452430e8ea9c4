using System.Globalization;
using Qkms.Api.ApiKeys;
using Qkms.Api.Hosting;
using Qkms.Core.Administration;
using Qkms.Core.ApiKeys;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;
using Qkms.Core.Time;

namespace Qkms.Api.Commands;

/// <summary>
/// <c>api-key list | create | revoke</c>: for whoever has the root key and the database, when an API key is lost or leaked. With SQLite the
/// service is stopped meanwhile; with PostgreSQL it may run.
/// </summary>
/// <remarks>Its own options stand beside the settings of the service, which are read as <see cref="VerifyCommand"/> reads them.</remarks>
internal static class ApiKeyCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "api-key";

    private const string Usage =
        "say 'list', 'create --label=<text> --roles=<role,…> [--tenant=<name or id>]' or 'revoke --id=<api_key_id or lookup_id>'";

    private static readonly Dictionary<string, string[]> _options = new(StringComparer.Ordinal)
    {
        ["list"] = [],
        ["create"] = ["label", "roles", "tenant"],
        ["revoke"] = ["id"],
    };

    private static readonly JournalActor _actor = JournalActor.System("host");

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
        given => given.Options,
        environment,
        async (given, _, settings) =>
        {
            await using Stream secrets = Console.OpenStandardOutput();
            await RunAsync(
                given.Verb,
                given.Own,
                settings,
                environment,
                services => addSnapshot(services, settings),
                services => addStorage(services, settings),
                secrets,
                Console.Out);
            return HostCommand.Done;
        },
        "Qkms cannot do this");

    /// <summary>The same with arguments and settings that were read.</summary>
    /// <param name="verb">list, create or revoke.</param>
    /// <param name="own">The options of that.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="addSnapshot">Adds the database to be read.</param>
    /// <param name="addStorage">Adds the database to be written.</param>
    /// <param name="secrets">Takes an API key that was made, and nothing else.</param>
    /// <param name="output">Takes everything else.</param>
    public static async Task RunAsync(
        string verb,
        IReadOnlyDictionary<string, string> own,
        QkmsSettings settings,
        RootKeyEnvironment environment,
        Func<IServiceCollection, IServiceCollection> addSnapshot,
        Func<IServiceCollection, IServiceCollection> addStorage,
        Stream secrets,
        TextWriter output)
    {
        await using ServiceProvider services = await CommandServices.OpenAsync(settings, environment, addSnapshot, addStorage);
        IKmsStore store = services.GetRequiredService<IKmsStore>();
        await (verb switch
        {
            "list" => ListAsync(services, store, output),
            "create" => CreateAsync(services, store, own, secrets),
            _ => RevokeAsync(services, store, own, output),
        });
    }

    /// <summary>Parts the verb, its own options, and the settings of the service.</summary>
    /// <exception cref="SettingsException">There is no such verb, or an option is missing.</exception>
    internal static (string Verb, Dictionary<string, string> Own, string[] Options) Split(string[] arguments)
    {
        if (arguments.Any(argument => argument is "--help" or "-h"))
            return ("list", [], arguments);

        if (arguments is not [var verb, .. var rest] || !_options.TryGetValue(verb, out string[]? names))
            throw new SettingsException($"{Name}: {Usage}.");

        Dictionary<string, string> own = new(StringComparer.Ordinal);
        List<string> options = [];
        foreach (string argument in rest)
        {
            string? name = Array.Find(names, name => argument.StartsWith($"--{name}=", StringComparison.Ordinal));
            if (name is null)
                options.Add(argument);
            else
                own[name] = argument[(name.Length + 3)..];
        }

        foreach (string name in names.Where(name => name != "tenant"))
        {
            if (string.IsNullOrWhiteSpace(own.GetValueOrDefault(name)))
                throw new SettingsException($"{Name} {verb} needs --{name}=…: {Usage}.");
        }

        return (verb, own, [.. options]);
    }

    private static async Task ListAsync(ServiceProvider services, IKmsStore store, TextWriter output)
    {
        ICredentialRepository credentials = services.GetRequiredService<ICredentialRepository>();
        RowSealer sealer = services.GetRequiredService<RowSealer>();
        DateTimeOffset now = TimeProvider.System.GetUtcMilliseconds();
        Guid newest = services.GetRequiredService<Keyring>().CredentialHashKey.Id;
        int former = 0;
        foreach (Tenant tenant in await TenantsAsync(services, store))
        {
            await output.WriteLineAsync($"tenant {tenant.Id} ({tenant.Name}), {tenant.State}, plan {tenant.Plan}");
            IReadOnlyList<StoredApiKeyUse> rows = await store.ReadAsync(
                session => credentials.ListAsync(session, tenant.Id, before: null, int.MaxValue), CancellationToken.None);
            foreach (StoredApiKeyUse row in rows)
            {
                Credential? credential = sealer.TryOpen(row.Credential);
                former += credential?.HashKeyId is { } hashKey && hashKey != newest ? 1 : 0;
                await output.WriteLineAsync(credential is not null
                    ? Line(ApiKeyInfo.Of(credential, row.LastUsedAt), now)
                    : $"  {row.Credential.UnverifiedRow.Id}  damaged: its row does not match its seal");
            }
        }

        if (former > 0)
            await output.WriteLineAsync(
                $"{former} of them are hashed with an API-key hash key that has a successor. Rotate or revoke them to be rid of it.");
    }

    private static string Line(ApiKeyInfo info, DateTimeOffset now) =>
        $"  {info.Id}  {info.LookupId}  {ApiKeyStatusFieldAttribute.WordOf(info.StatusAt(now)),-8}  "
        + $"{string.Join(',', RolesFieldAttribute.WordsOf(info.Roles))}"
        + (info.Permissions is null && info.KeyNames is null ? "" : " (narrowed)")
        + $"  made {Text(info.CreatedAt)}  used {Text(info.LastUsedAt)}  ends {Text(info.GraceUntil ?? info.ExpiresAt)}  {info.Label}";

    private static async Task CreateAsync(
        ServiceProvider services, IKmsStore store, IReadOnlyDictionary<string, string> own, Stream secrets)
    {
        Roles roles = RolesFieldAttribute.Parse(own["roles"].Split(','))
            ?? throw new SettingsException("--roles must be one or more of operator, admin, user, auditor, separated by commas.");
        if (!ApiKeyRules.IsLabel(own["label"]))
            throw new SettingsException(
                $"--label must have 1 to {ApiKeyAdministration.MaxLabelLength} characters, and no control characters.");

        string wanted = own.GetValueOrDefault("tenant") ?? InitialTenant.Name;
        Tenant tenant = (await TenantsAsync(services, store)).FirstOrDefault(one => one.Name == wanted || one.Id.ToString() == wanted)
            ?? throw new SettingsException("There is no such tenant: 'api-key list' shows them.");
        TenantProvisioning provisioning = services.GetRequiredService<TenantProvisioning>();
        using NewApiKey made = provisioning.PlanApiKey(tenant, own["label"], roles);
        await store.WriteAsync(
            async session =>
            {
                await services.GetRequiredService<ITenantRepository>().LockAsync(session, tenant.Id);
                await provisioning.AddAsync(session, made, _actor, ApiKeyEvents.Describe(made.Credential.UnverifiedRow));
                return true;
            },
            CancellationToken.None);
        Show(made, secrets);
    }

    // Without a copy, which nobody would zero.
    private static void Show(NewApiKey made, Stream secrets)
    {
        secrets.Write(made.Text.Span);
        secrets.Write("\n"u8);
    }

    private static async Task RevokeAsync(
        ServiceProvider services, IKmsStore store, IReadOnlyDictionary<string, string> own, TextWriter output)
    {
        ICredentialRepository credentials = services.GetRequiredService<ICredentialRepository>();
        RowSealer sealer = services.GetRequiredService<RowSealer>();
        foreach (Tenant tenant in await TenantsAsync(services, store))
        {
            IReadOnlyList<StoredApiKeyUse> rows = await store.ReadAsync(
                session => credentials.ListAsync(session, tenant.Id, before: null, int.MaxValue), CancellationToken.None);
            Sealed<Credential>? row = rows.Select(one => one.Credential).FirstOrDefault(
                one => one.UnverifiedRow.Id.ToString() == own["id"] || one.UnverifiedRow.LookupId == own["id"]);
            if (row is null)
                continue;

            await store.WriteAsync(session => RevokeAsync(session, sealer.Open(row).Id), CancellationToken.None);
            await output.WriteLineAsync($"API key {row.UnverifiedRow.Id} of tenant {tenant.Id} is revoked.");
            return;

            async Task<bool> RevokeAsync(IKmsSession session, CredentialId id)
            {
                await services.GetRequiredService<ITenantRepository>().LockAsync(session, tenant.Id);
                Credential credential = sealer.Open(
                    await credentials.LockAsync(session, tenant.Id, id) ?? throw new SealBrokenException($"credential {id}"));
                if (credential.State != CredentialState.Revoked)
                    await services.GetRequiredService<TenantProvisioning>().MustUpdateAsync(
                        session,
                        credential with { State = CredentialState.Revoked },
                        _actor,
                        JournalActions.ApiKeyRevoked,
                        "revoked on the host");

                return true;
            }
        }

        throw new SettingsException("There is no such API key: 'api-key list' shows them.");
    }

    // A tenant whose row is damaged has no API key that works, and gets none.
    private static async Task<IReadOnlyList<Tenant>> TenantsAsync(ServiceProvider services, IKmsStore store)
    {
        ITenantRepository tenants = services.GetRequiredService<ITenantRepository>();
        RowSealer sealer = services.GetRequiredService<RowSealer>();
        return await store.ReadAsync(
            async session =>
            {
                List<Tenant> all = [];
                foreach (TenantId id in await tenants.ListIdsAsync(session))
                {
                    if (await tenants.FindAsync(session, id) is { } row && sealer.TryOpen(row) is { } tenant)
                        all.Add(tenant);
                }

                return all;
            },
            CancellationToken.None);
    }

    private static string Text(DateTimeOffset? at) =>
        at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture) ?? "never";
}
