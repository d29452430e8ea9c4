using Qkms.Api.Commands;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Verification;

/// <summary>Runs <c>qkms verify</c> in this process, on the database of a data directory.</summary>
internal static class Verify
{
    public static Task<(int ExitCode, string Output)> RunAsync(string dataDirectory, bool showBar = false) =>
        RunAsync(dataDirectory, TestStorage.SettingsOf(dataDirectory), showBar);

    /// <summary>The same with storage of the test's own.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string dataDirectory, IReadOnlyDictionary<string, string> storage, bool showBar = false)
    {
        using RootKeyEnvironment environment = new();
        await using StringWriter output = new();
        QkmsSettings settings = TestSettings.Of(dataDirectory, storage);
        int exitCode = await VerifyCommand.RunAsync(
            settings,
            environment,
            services => Program.AddSnapshot(services, settings),
            new VerifyReport(output, showBar),
            CancellationToken.None);
        return (exitCode, output.ToString());
    }
}
