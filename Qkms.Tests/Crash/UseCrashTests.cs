namespace Qkms.Tests.Crash;

/// <summary>The service is killed while uses are counted.</summary>
public sealed class UseCrashTests
{
    private const int Callers = 8;

    /// <summary>A-32: across kill -9 no use is answered that is not counted; of each caller at most one is counted in vain.</summary>
    [FactIf(Requirement.LongTests)]
    public async Task Across_a_kill_every_answered_use_is_counted()
    {
        using TemporaryDirectory directory = new();
        int answered = 0;
        const int Kills = 3;
        for (int kill = 0; kill <= Kills; kill++)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
            using HttpClient client = service.Client(repeats: true);
            if (kill == 0)
                await client.GenerateAsync(KeyUseVerbs.Aes, new { max_usage_limit = 1_000_000 });

            int counted = (await client.ActiveAsync(KeyUseVerbs.Aes)).Number("usage_count");
            counted.Should().BeInRange(answered, answered + (kill * Callers));
            if (kill == Kills)
                return;

            int before = answered;
            Task[] callers = [.. Enumerable.Range(0, Callers).Select(_ => UseUntilItEndsAsync(client))];
            await Eventually.HoldsAsync(() => Task.FromResult(Volatile.Read(ref answered) > before + 50));
            await service.KillAsync();
            await Task.WhenAll(callers);
        }

        async Task UseUntilItEndsAsync(HttpClient client)
        {
            try
            {
                while (true)
                {
                    await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==" });
                    Interlocked.Increment(ref answered);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // It was killed.
            }
        }
    }
}
