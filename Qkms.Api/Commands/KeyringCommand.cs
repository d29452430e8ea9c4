using Qkms.Api.Hosting;
using Qkms.Core.Installation;
using Qkms.Core.Keyrings;

namespace Qkms.Api.Commands;

/// <summary>
/// <c>keyring rotate</c>: adds a key of a kind that belongs to no tenant, for new work. With SQLite the service is stopped meanwhile; with
/// PostgreSQL it may run, and takes the key up.
/// </summary>
/// <remarks>Its own options stand beside the settings of the service, which are read as <see cref="VerifyCommand"/> reads them.</remarks>
internal static class KeyringCommand
{
    /// <summary>The word that stands first.</summary>
    public const string Name = "keyring";

    private const string Rotate = "rotate";
    private const string Json = "--json";
    private const string Kind = "--kind=";

    private static readonly Dictionary<string, KeyringKind> _kinds = new(StringComparer.Ordinal)
    {
        ["row-seal"] = KeyringKind.RowSeal,
        ["journal"] = KeyringKind.Journal,
        ["api-key-hash"] = KeyringKind.CredentialHash,
        ["credential-secret"] = KeyringKind.CredentialSecret,
        ["cursor"] = KeyringKind.Cursor,
    };

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
            Console.Out),
        "Qkms cannot rotate");

    /// <summary>Parts the arguments.</summary>
    public static CommandArguments Split(string[] arguments) => CommandArguments.Split(arguments, Json, Kind);

    /// <summary>The same with settings that were read.</summary>
    public static async Task<int> RunAsync(
        CommandArguments given,
        QkmsSettings settings,
        RootKeyEnvironment environment,
        Func<IServiceCollection, IServiceCollection> addSnapshot,
        Func<IServiceCollection, IServiceCollection> addStorage,
        TextWriter output)
    {
        if (given.Operand != Rotate || !_kinds.TryGetValue(given.Words.GetValueOrDefault(Kind.TrimEnd('='), ""), out KeyringKind kind))
            throw new SettingsException($"{Name} takes {Rotate} and {Kind}<kind>: one of {string.Join(", ", _kinds.Keys)}.");

        await using ServiceProvider services = await CommandServices.OpenAsync(settings, environment, addSnapshot, addStorage);
        KeyringEntry made = await services.GetRequiredService<KeyringRotation>().RunAsync(kind, CancellationToken.None);
        await output.WriteLineAsync(given.Has(Json)
            ? ToJson(made)
            : $"Added {made.Kind.ToWords()} key {made.Id}, version {made.Version}. New work is done with it; the keys before it stay.");
        return HostCommand.Done;
    }

    private static string ToJson(KeyringEntry made) => CommandJson.Object(json =>
    {
        json.WriteString("kind", _kinds.First(kind => kind.Value == made.Kind).Key);
        json.WriteString("key_id", made.Id);
        json.WriteNumber("version", made.Version);
    });
}
