using System.Globalization;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>
/// Gives a service the time to let go of what it was sent or answered. It notices after its client that a connection is closed, on a busy
/// machine long after, and zeroes the buffers with it.
/// </summary>
internal static class LettingGo
{
    // Not for as long as a test may wait otherwise: a service that is idle for long collects its garbage, and hides what it left there.
    private const int MostLooks = 20;

    /// <summary>Ends when the service has closed every connection that was made to it.</summary>
    public static Task OfConnectionsAsync(ServiceProcess service) =>
        Eventually.HoldsAsync(() => Task.FromResult(!HasConnections(service.Id, service.Address.Port)));

    /// <summary>Looks until nothing is found, or often enough: what was found last.</summary>
    public static async Task<List<ProcessMemory.Find>> LookAsync(Func<List<ProcessMemory.Find>> search)
    {
        List<ProcessMemory.Find> finds = search();
        for (int i = 1; i < MostLooks && finds.Count > 0; i++)
        {
            await Task.Delay(200);
            finds = search();
        }

        return finds;
    }

    /// <summary>The same for these pieces, as text.</summary>
    public static async Task<IEnumerable<string>> LookAsync(ServiceProcess service, ProcessMemory.Patterns secrets) =>
        (await LookAsync(() => ProcessMemory.Search(service.Id, secrets))).Select(find => find.ToString());

    // A line of proc(5) for each socket: its own address, its state and its file. It listens in state 0A, and what is closed has no file.
    private static bool HasConnections(int process, int port)
    {
        string own = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        return File.ReadLines($"/proc/{process}/net/tcp")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => fields[1].EndsWith(own, StringComparison.Ordinal) && fields[3] != "0A" && fields[9] != "0");
    }
}
