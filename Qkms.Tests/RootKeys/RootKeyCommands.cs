using Qkms.Api.Commands;
using Qkms.Api.Hosting;

namespace Qkms.Tests.RootKeys;

/// <summary>Runs <c>qkms root-key</c> in this process, on the database of a data directory.</summary>
internal static class RootKeyCommands
{
    /// <summary>What it says.</summary>
    public static Task<string> RunAsync(string dataDirectory, params string[] arguments) =>
        RunAsync(dataDirectory, new RootKeyEnvironment(), arguments);

    /// <summary>The same for an assertion on how it fails.</summary>
    public static Func<Task<string>> Awaiting(string dataDirectory, params string[] arguments) => () => RunAsync(dataDirectory, arguments);

    /// <summary>The same with an environment of the test's own, which ends.</summary>
    public static Task<string> RunAsync(string dataDirectory, RootKeyEnvironment environment, params string[] arguments) =>
        RunAsync(dataDirectory, environment, [], arguments);

    /// <summary>The same with shares that are typed in.</summary>
    public static Task<string> RunAsync(string dataDirectory, IReadOnlyList<string> shares, params string[] arguments) =>
        RunAsync(dataDirectory, new RootKeyEnvironment(), shares, arguments);

    private static async Task<string> RunAsync(
        string dataDirectory, RootKeyEnvironment environment, IReadOnlyList<string> shares, string[] arguments)
    {
        Queue<string> typed = new(shares);
        QkmsSettings settings = TestSettings.Of(dataDirectory, TestStorage.SettingsOf(dataDirectory));
        await using StringWriter output = new();
        using (environment)
        {
            await RootKeyCommand.RunAsync(
                RootKeyArguments.Split(arguments),
                settings,
                environment,
                services => Program.AddSnapshot(services, settings),
                services => Program.AddBeside(services, settings),
                new SecretPrompts(
                    () => throw new InvalidOperationException("Nobody is there to be asked."),
                    () => typed.TryDequeue(out string? share) ? SecretBytes.CopyOf(Encoding.ASCII.GetBytes(share)) : null),
                output);
        }

        return output.ToString();
    }

    /// <summary>The root keys as <c>list --json</c> shows them: wrapper, root key, and the state.</summary>
    public static async Task<IReadOnlyList<(string Id, string Kind, string RootKeyId, string State)>> ListAsync(
        string dataDirectory, RootKeyEnvironment? environment = null)
    {
        JsonNode list = JsonNode.Parse(await RunAsync(dataDirectory, environment ?? new RootKeyEnvironment(), "list", "--json"))!;
        return
        [
            .. list["root_keys"]!.AsArray().Select(key =>
                ((string)key!["id"]!, (string)key["kind"]!, (string)key["root_key_id"]!, (string)key["state"]!)),
        ];
    }
}
