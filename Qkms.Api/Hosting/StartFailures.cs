using Qkms.Core.Backups;
using Qkms.Core.Cryptography;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Api.Hosting;

/// <summary>
/// Explains in one line why the service does not start, if a person can fix it. Anything else keeps its stack trace. Nothing ends in an
/// abort.
/// </summary>
internal static class StartFailures
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <summary>Runs the service.</summary>
    /// <returns>The exit code.</returns>
    public static Task<int> ExplainAsync(Func<Task> run) => ExplainAsync(
        async () =>
        {
            await run();
            return 0;
        },
        "Qkms does not start",
        failed: 1);

    /// <summary>Runs a command.</summary>
    /// <param name="run">The command; it answers the exit code.</param>
    /// <param name="what">What cannot be done when it fails.</param>
    /// <param name="failed">The exit code of that.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> ExplainAsync(Func<Task<int>> run, string what, int failed)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (IsForPeople(e))
        {
            // What callers are told in a refusal is of no use here: the log has the cause.
            string why = e is KmsException ? "the database does not answer as it should; see the log for the cause." : e.Message;
            Say($"{what}: {OnOneLine(why)}");
            return failed;
        }
        catch (Exception e) when (e is not HostAbortedException)
        {
            await Console.Error.WriteLineAsync($"Qkms ends with a fault of its own. Please report it: {e}");
            return failed;
        }
    }

    // What a database or a library says may have several lines.
    private static string OnOneLine(string text) =>
        string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    // Somebody who does not read what this process writes does not keep it from ending.
    private static void Say(string text) => Task.Run(() => Console.Error.WriteLine(text)).Wait(_patience);

    private static bool IsForPeople(Exception e) => e
        is SettingsException
            or PqcEngineUnavailableException
            or RootKeyException
            or BackupException
            or StoreUnusableException
            or KmsException
            or SealBrokenException
            or EngineFaultException
            or IOException
            or UnauthorizedAccessException;
}
