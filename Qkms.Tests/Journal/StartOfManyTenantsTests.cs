using Qkms.Core.Journal;

namespace Qkms.Tests.Journal;

/// <summary>A start reads as often with many tenants as with one.</summary>
public sealed class StartOfManyTenantsTests
{
    [Fact]
    public async Task A_start_with_nothing_to_tell_reads_nothing_for_each_tenant()
    {
        Lanes lanes = new();
        await using QkmsApplication app = new() { KeepsHouse = false, StoreInFront = store => new StoreWithLanes(store, lanes) };
        int ofOne = await CountReadsAsync(app, lanes);
        for (int i = 0; i < 5; i++)
            await app.CreateTenantAsync($"tenant-{i}");

        int ofMany = await CountReadsAsync(app, lanes);

        ofMany.Should().Be(ofOne).And.BePositive();
    }

    [Fact]
    public async Task A_start_that_ends_the_recording_of_uses_tells_every_tenant_and_the_next_one_nobody()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication before = new(directory.Path) { EndsBeforeDisposal = true })
        {
            for (int i = 0; i < 3; i++)
                await before.CreateTenantAsync($"tenant-{i}");
        }

        foreach ((string uses, int told) in new[] { ("off", 4), ("off", 4), ("durable", 8), ("durable", 8), ("off", 12) })
        {
            await using QkmsApplication app = new(directory.Path) { EndsBeforeDisposal = true, Settings = { ["Qkms:Audit:Uses"] = uses } };
            _ = app.Server;
            using Database database = app.OpenDatabase();
            database.Rows("SELECT id FROM audit_events WHERE action = 'journal.uses_set'").Should().HaveCount(told, uses);
        }
    }

    private static async Task<int> CountReadsAsync(QkmsApplication app, Lanes lanes)
    {
        UseRecording recording = app.Services.GetRequiredService<UseRecording>();
        int before = lanes.Reads;
        await recording.AnnounceAsync(CancellationToken.None);
        return lanes.Reads - before;
    }
}
