using System.Diagnostics;

namespace Qkms.Tests.Http;

/// <summary>
/// Exchanges with bodies that the server does not want. It reads and throws away what arrives of them within five seconds, and then closes
/// the connection, which takes its answer away: that is as it should be, and happens where the machine is too busy for the body.
/// </summary>
internal static class LongBodies
{
    // The server's clock is coarser than this one.
    private static readonly TimeSpan _serversPatience = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Does it once more, for a minute, when the connection broke after the server's patience was over. One that breaks before is a fault
    /// of the server, and every answer counts.
    /// </summary>
    public static async Task<Answer> AgainAsync(Func<Task<Answer>> exchange)
    {
        using CancellationTokenSource limit = new(_patience);
        while (true)
        {
            long begun = Stopwatch.GetTimestamp();
            try
            {
                return await exchange();
            }
            catch (Exception broken) when (broken is IOException or HttpRequestException
                && Stopwatch.GetElapsedTime(begun) > _serversPatience
                && !limit.IsCancellationRequested)
            {
                // Another one may find the machine less busy.
            }
        }
    }
}
