using System.Diagnostics;
using Qkms.Tests.Support.Proxy;

namespace Qkms.Tests.Nodes;

/// <summary>
/// The database is gone for three seconds, with <c>QKMS_MANY_RUNS=1</c> for thirty: the service says so, and goes
/// on by itself when it is back.
/// </summary>
public sealed class DatabaseGoneTests
{
    // One answer takes six seconds at most; the rest is for a slow machine.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan _gone = TimeSpan.FromSeconds(LongTests.Choose(usual: 3, large: 30));

    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(ProxyWay.Closed))]
    [InlineData(nameof(ProxyWay.Refusing))]
    [InlineData(nameof(ProxyWay.Silent))]
    public async Task The_service_says_later_lives_and_recovers_without_a_restart(string way)
    {
        await using NodeBehindProxy service = new();
        HttpClient client = service.Client;
        using HttpClient anybody = service.Node.ClientFor(null);
        await client.GenerateAsync(KeyUseVerbs.Aes);
        byte[] plaintext = "to be or not"u8.ToArray();
        byte[] ciphertext = (await client.MustUseAsync("/crypto/encrypt", new { plaintext })).Bytes("ciphertext");
        await Eventually.HoldsAsync(async () => (await anybody.GetJsonAsync("/health/ready")).Status == HttpStatusCode.OK);

        // Where nothing even fails, the circuit opens after two operations of some seconds, in which each caller gets few answers.
        bool opens = way != nameof(ProxyWay.Silent) || LongTests.ManyRuns;
        int least = opens ? 60 : 1;
        int before = service.Proxy.Attempts;
        service.Proxy.Become(Enum.Parse<ProxyWay>(way));
        service.Node.Time.OutliveCaches();
        int[] answered = await Task.WhenAll(
            RefuseAsync(least, () => client.UseAsync("/crypto/encrypt", new { plaintext })),
            RefuseAsync(least, () => client.UseAsync("/crypto/decrypt", new { ciphertext })),
            RefuseAsync(least, () => client.GetJsonAsync("/kms/keys")),
            RefuseAsync(least, () => client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}""")),
            RefuseAsync(least, () => client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-768"}""")),
            RefuseAsync(least, () => anybody.GetJsonAsync("/health/ready")),
            LiveAsync(least, anybody));

        // The circuit is open: almost everybody is refused without a look at the database.
        if (opens)
            service.Node.Log.Lines.Should().Contain(line => line.Contains("callers are refused at once", StringComparison.Ordinal));

        if (way == nameof(ProxyWay.Refusing))
            (service.Proxy.Attempts - before).Should().BeLessThan(answered.Sum() / 4);

        await service.ReopenAsync();
        (await client.RotateAsync(KeyUseVerbs.Aes)).Number("key_version").Should().Be(2, "nothing of what was refused was done");
        (await client.MustUseAsync("/crypto/decrypt", new { ciphertext })).Bytes("plaintext").Should().Equal(plaintext);
        (await client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
    }

    /// <summary>Asks for as long as the database is gone, and until enough answers came; how many.</summary>
    private static Task<int> RefuseAsync(int least, Func<Task<Answer>> ask) => AskAsync(least, ask, answer => answer.ShouldSayLater());

    private static Task<int> LiveAsync(int least, HttpClient anybody) =>
        AskAsync(least, () => anybody.GetJsonAsync("/health/live"), answer => answer.ShouldBe(HttpStatusCode.OK));

    private static async Task<int> AskAsync(int least, Func<Task<Answer>> ask, Action<Answer> check)
    {
        Stopwatch gone = Stopwatch.StartNew();
        int answers = 0;
        while (gone.Elapsed < _gone || answers < least)
        {
            check(await ask().WaitAsync(_patience));
            answers++;
            await Task.Delay(5);
        }

        return answers;
    }
}
