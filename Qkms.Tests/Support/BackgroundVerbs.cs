using Microsoft.Extensions.Hosting;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Support;

/// <summary>What tests do with the work that a service does by itself from time to time.</summary>
internal static class BackgroundVerbs
{
    /// <summary>
    /// Ends when the service has looked by itself for what is due, as it does at its start, and has it look no more: beside a test it would
    /// destroy, delete and rotate what the test counts, a minute later once more, and see one clock moved before the other.
    /// </summary>
    public static async Task LeaveDueWorkAsync(this QkmsApplication app)
    {
        foreach (PeriodicWork work in app.Services.GetServices<IHostedService>().OfType<PeriodicWork>()
            .Where(work => work is Housekeeping or DueRotations))
        {
            await Eventually.HoldsAsync(() => Task.FromResult(work.Rounds > 0));
            await work.StopAsync(CancellationToken.None);
        }
    }
}
