using Qkms.Core.Journal;
using Qkms.Tests.Integrity;

namespace Qkms.Tests.Journal;

/// <summary>
/// Streams of uses whose events a journal key made, and what somebody without one makes of them. Each batch is written as by a service that
/// has just started: it remembers no head that it wrote before.
/// </summary>
internal static class StreamHistory
{
    /// <summary>The stream that a tenant's first uses begin.</summary>
    public const string FirstUses = "stream = 2 AND tenant_id = (SELECT id FROM tenants WHERE name = 'default')";

    /// <summary>Adds uses to the stream of a node, of keys that nobody counts.</summary>
    public static async Task AppendUsesAsync(this QkmsApplication app, string node, int count)
    {
        TenantId tenant = await app.FirstTenantAsync();
        IdGenerator ids = new(TimeProvider.System);
        JournalWriter journal = ActivatorUtilities.CreateInstance<JournalWriter>(app.Services);
        foreach (int[] batch in Enumerable.Range(0, count).Chunk(JournalWriter.MostAtOnce))
        {
            await app.Store().WriteAsync(
                async session =>
                {
                    await journal.AppendUsesAsync(session, node, [.. batch.Select(_ => StreamTests.Use(tenant, ids))]);
                    return true;
                },
                CancellationToken.None);
        }
    }

    /// <summary>
    /// A stream in which the event at position 3 is one of another history: its HMAC is genuine, and it follows the event before it. The
    /// stream once went on with it, was put back to three events, and went on with others.
    /// </summary>
    /// <param name="app">The service.</param>
    /// <param name="events">How many events the stream has now: 4 or more.</param>
    public static async Task ExchangeAsync(this QkmsApplication app, int events)
    {
        await app.AppendUsesAsync("a", 3);
        OldRows head = OldRows.Of(app, "audit_streams", FirstUses);
        await app.AppendUsesAsync("a", 1);
        OldRows other = OldRows.Of(app, "audit_events", $"{FirstUses} AND position = 3");
        app.Execute($"DELETE FROM audit_events WHERE {FirstUses} AND position = 3");
        head.PutBack();
        await app.AppendUsesAsync("a", events - 3);
        other.PutBack();
    }

    /// <summary>Changes the database behind the back of the service.</summary>
    public static void Execute(this QkmsApplication app, string sql)
    {
        using Database database = app.OpenDatabase();
        database.Execute(sql).Should().BePositive();
    }
}
