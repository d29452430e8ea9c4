using System.Buffers.Binary;
using Xunit.Abstractions;

namespace Qkms.Tests.Crash;

/// <summary>
/// SQLite copies its write-ahead log into the database file from time to time; the service is killed in the middle of that.
/// </summary>
public sealed class CheckpointCrashTests(ITestOutputHelper output)
{
    // A machine on which none of so many kills meets a checkpoint has no disk to speak of.
    private const int MostKills = 40;

    [FactIf(Requirement.LongTestsOnSqlite)]
    public async Task After_a_kill_during_a_checkpoint_what_was_acknowledged_is_there()
    {
        using TemporaryDirectory directory = new();
        Ledger ledger = new();
        int wanted = CrashCount.Or(2);
        int hits = 0;
        int kills = 0;
        for (; hits < wanted && kills < MostKills * wanted; kills++)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
            using HttpClient client = service.Client();
            await Invariants.CheckAsync(client, () => TestStorage.OpenUntouched(directory.Path), ledger, ledger.Proofs.Count);
            MixedLoad load = MixedLoad.Start(client, ledger);
            string index = directory.File("qkms.db-shm");
            await Task.Run(() => StopInCheckpointAsync(service, index, () => load.EndAsync().IsCompleted));
            await service.KillAsync();
            await load.EndAsync();
            hits += IsUnderWay(index) ? 1 : 0;
        }

        hits.Should().Be(wanted, "of {0} kills", kills);
        using ServiceProcess last = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient after = last.Client();
        await Invariants.CheckAsync(after, () => TestStorage.OpenUntouched(directory.Path), ledger);
        output.WriteLine($"{hits} kills during a checkpoint, of {kills}; {ledger.Acknowledged} acknowledged writes, 0 lost");
    }

    // Stopped at the sight of one, and looked at again: on a busy machine it is often over by then, and the service goes on.
    private static async Task StopInCheckpointAsync(ServiceProcess service, string index, Func<bool> isOver)
    {
        while (!isOver())
        {
            if (!IsUnderWay(index))
            {
                Thread.SpinWait(50);
                continue;
            }

            service.Stop();
            await Eventually.HoldsAsync(() => Task.FromResult(service.IsStopped));
            if (IsUnderWay(index))
                return;

            service.GoOn();
        }
    }

    /// <summary>
    /// Whether the log's index says that more frames are being copied than were: nBackfillAttempted and nBackfill of
    /// https://sqlite.org/walformat.html#the_wal_index_file_format, section 2.3.
    /// </summary>
    private static bool IsUnderWay(string index)
    {
        const int Copied = 96;
        const int Attempted = 128;
        Span<byte> bytes = stackalloc byte[Attempted + 4];
        using FileStream file = new(index, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length
            && Read(bytes[Attempted..]) > Read(bytes[Copied..]);
    }

    private static uint Read(ReadOnlySpan<byte> bytes) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
