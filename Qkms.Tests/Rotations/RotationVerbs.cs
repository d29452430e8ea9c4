using System.Globalization;
using Microsoft.Extensions.Hosting;
using Qkms.Api.Hosting;
using Qkms.Core.Lifecycle;

namespace Qkms.Tests.Rotations;

/// <summary>What tests do with scheduled rotations.</summary>
internal static class RotationVerbs
{
    /// <summary>A time so many hours ahead, as requests have it.</summary>
    public static string InHours(this QkmsApplication app, double hours) =>
        app.Time.GetUtcNow().AddHours(hours).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Schedules a rotation; the members of the successor are JSON.</summary>
    public static async Task<Answer> ScheduleAsync(this HttpClient client, string kid, string at, string newKey = "{}") =>
        (await client.RotateVersionAsync(kid, $$"""{"scheduled_at":"{{at}}","new_key":{{newKey}}}"""))
            .ShouldBe(HttpStatusCode.Accepted);

    /// <summary>Lets so much time go by, and has what is due by then rotated: the number of successors.</summary>
    public static async Task<int> RotateDueAsync(this QkmsApplication app, TimeSpan time)
    {
        RotationScheduler scheduler = app.Services.GetRequiredService<RotationScheduler>();
        await app.FirstLookAsync();
        app.Time.Pass(time);
        return await scheduler.RunAsync(CancellationToken.None);
    }

    /// <summary>
    /// Ends when the service has looked for due rotations by itself, as it does at its start: beside a test's look it would take jobs
    /// away, and see one clock moved before the other.
    /// </summary>
    public static async Task FirstLookAsync(this QkmsApplication app)
    {
        DueRotations background = app.Services.GetServices<IHostedService>().OfType<DueRotations>().Single();
        await Eventually.HoldsAsync(() => Task.FromResult(background.Rounds > 0));
    }

    /// <summary>What the journal says of a kid: action, states, reason.</summary>
    public static List<string> EventsOf(this QkmsApplication app, string kid)
    {
        using Database database = app.OpenDatabase();
        return
        [
            .. database.Strings(
                "SELECT action || ' ' || COALESCE(from_state, '-') || ' ' || COALESCE(to_state, '-') || ' ' || COALESCE(reason, '-') "
                + $"FROM audit_events WHERE kid = '{kid}' ORDER BY id"),
        ];
    }
}
