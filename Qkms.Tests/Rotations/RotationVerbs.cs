using System.Globalization;
using Qkms.Core.Lifecycle;
using Qkms.Core.Rotations;

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
        await app.LeaveDueWorkAsync();
        app.Time.Pass(time);
        return await scheduler.RunAsync(CancellationToken.None);
    }

    /// <summary>Changes the row of a job as the service itself would write it.</summary>
    public static async Task RewriteJobAsync(this QkmsApplication app, string id, Func<RotationJob, RotationJob> change)
    {
        IRotationJobRepository jobs = app.Services.GetRequiredService<IRotationJobRepository>();
        RowSealer sealer = app.Services.GetRequiredService<RowSealer>();
        TenantId tenant = await app.FirstTenantAsync();
        (await app.Store().WriteAsync(
            async session =>
            {
                RotationJob job = sealer.Open((await jobs.LockAsync(session, tenant, new RotationJobId(Guid.Parse(id))))!);
                return await jobs.UpdateAsync(session, sealer.Seal(change(job) with { RowVersion = job.RowVersion + 1 }));
            },
            CancellationToken.None)).Should().BeTrue();
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
