using Xunit.Abstractions;

namespace Qkms.Tests.Crash;

/// <summary>
/// The service is killed under load, again and again on the same data.
/// <c>QKMS_KILLS=200 dotnet test --filter ServiceCrash</c> does it 200 times.
/// </summary>
public sealed class ServiceCrashTests(ITestOutputHelper output)
{
    //
    [Fact]
    public async Task After_every_kill_it_starts_and_what_was_acknowledged_is_there()
    {
        using TemporaryDirectory directory = new();
        Ledger ledger = new();
        int kills = CrashCount.Or(2, whenLong: 4);
        int proofsChecked = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
            using HttpClient client = service.Client();
            await Invariants.CheckAsync(client, () => TestStorage.OpenUntouched(directory.Path), ledger, proofsChecked);
            proofsChecked = ledger.Proofs.Count;

            MixedLoad load = MixedLoad.Start(client, ledger);
            await load.WaitForAsync(RandomNumberGenerator.GetInt32(1, 60));
            await Task.Delay(RandomNumberGenerator.GetInt32(20));
            await service.KillAsync();
            await load.EndAsync();
        }

        using (ServiceProcess last = await ServiceProcess.StartAsync(directory.Path))
        {
            using HttpClient client = last.Client();
            await Invariants.CheckAsync(client, () => TestStorage.OpenUntouched(directory.Path), ledger);
            await client.GenerateAsync("ML-KEM-768", new { name = "after" });
            (await last.TerminateAsync()).Should().Be(0);
        }

        int opened = await Invariants.EveryKeyShouldOpenAsync(directory.Path);
        output.WriteLine(
            $"{kills} kills, {ledger.Acknowledged} acknowledged writes, 0 lost; {ledger.Adopted} committed without an answer; {opened} "
            + $"keys open, {ledger.Proofs.Count} proofs hold");
    }
}
