using System.Net.Sockets;
using Qkms.Tests.Crash;

namespace Qkms.Tests.Hosting;

/// <summary>The service is told to stop: what is under way is finished, new work is refused, and it ends in time with code 0.</summary>
public sealed class StopTests
{
    private const string AllAnswered = "Qkms has stopped: every request was answered";
    private const string CutOff = "were cut off";

    [Fact]
    public Task What_is_under_way_is_answered_and_what_is_new_is_refused() => ShouldFinishAfterAsync("TERM");

    /// <summary>F-92: where the tests run in the background of a shell, too, which has what it starts ignore that signal.</summary>
    [FactIf(Requirement.LongTests)]
    public Task SIGINT_does_what_SIGTERM_does() => ShouldFinishAfterAsync("INT");

    private static async Task ShouldFinishAfterAsync(string signal)
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient client = service.Client();

        // One key is made at a time on two cores: when the first is there, the others wait inside the service.
        Task<Answer>[] slow =
        [
            .. Enumerable.Range(
                0, 4).Select(i => client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"RSA-3072","name":"slow-{{i}}"}"""))
        ];
        await Task.WhenAny(slow);
        await service.SignalAsync(signal);
        await NewWorkShouldBeRefusedAsync(service.Address);
        await service.SignalAsync(signal);

        Answer[] answers = await Task.WhenAll(slow);
        Answer[] made = [.. answers.Where(answer => answer.Status == HttpStatusCode.Created)];
        (await service.WaitForExitAsync()).Should().Be(0, service.Output);

        // Each waits its turn for some seconds, which a busy machine may need for the others: that is an answer too, and not the stop's.
        made.Should().NotBeEmpty();
        answers.Should().OnlyContain(answer =>
            answer.Status == HttpStatusCode.Created || answer.Body.Contains("Too many keys are being generated", StringComparison.Ordinal));
        LastLine(service).Should().Contain(AllAnswered);

        using ServiceProcess again = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient reader = again.Client();
        JsonArray stored = (await reader.GetJsonAsync("/kms/keys")).Data["keys"]!.AsArray();
        stored.Select(key => (string)key!["kid"]!).Should().BeEquivalentTo(made.Select(answer => answer.Text("kid")));
    }

    [FactIf(Requirement.LongTests)]
    public async Task Every_write_under_load_is_acknowledged_and_there_or_refused()
    {
        using TemporaryDirectory directory = new();
        Ledger ledger = new();
        for (int stop = 0; stop < 2; stop++)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
            using HttpClient client = service.Client();
            await Invariants.CheckAsync(client, () => TestStorage.OpenUntouched(directory.Path), ledger);
            MixedLoad load = MixedLoad.Start(client, ledger);
            await load.WaitForAsync(40);
            (await service.TerminateAsync()).Should().Be(0, service.Output);
            await load.EndAsync();
            LastLine(service).Should().Contain("Qkms has stopped");
        }

        using ServiceProcess last = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient reader = last.Client();
        await Invariants.CheckAsync(reader, () => TestStorage.OpenUntouched(directory.Path), ledger);
    }

    // Far more work than fits into the time that it has.
    [FactIf(Requirement.LongTests)]
    public async Task Work_that_does_not_end_in_time_is_cut_off_as_a_whole()
    {
        using TemporaryDirectory directory = new();
        int acknowledged;
        using (ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, Within("00:00:01")))
        {
            using HttpClient client = service.Client();
            Task<Answer>[] slow =
            [
                .. Enumerable.Range(
                    0, 24).Select(i => client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"RSA-4096","name":"slow-{{i}}"}"""))
            ];
            await OneShouldBeMadeAsync(slow);
            (await service.TerminateAsync()).Should().Be(0, service.Output);
            await Task.WhenAll(slow).ContinueWith(_ => { }, TaskScheduler.Default);
            acknowledged = slow.Count(task => task.IsCompletedSuccessfully && task.Result.Status == HttpStatusCode.Created);
            acknowledged.Should().BeInRange(1, 23);
            LastLine(service).Should().Contain(CutOff);
        }

        using ServiceProcess again = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient reader = again.Client();
        (await Invariants.ListAsync(reader)).Count.Should().BeInRange(acknowledged, 23);
    }

    // Three ways to hold a connection: idle after an answer, in the middle of a head, in the middle of a body.
    [Fact]
    public async Task Clients_that_hold_their_connections_do_not_hold_up_the_end()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, Within("00:00:02"));
        string apiKey = await File.ReadAllTextAsync(directory.File("initial-api-key"));
        using TcpClient idle = await HoldAsync(service.Address, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
        await idle.GetStream().ReadExactlyAsync(new byte[12]);
        using TcpClient head = await HoldAsync(service.Address, "GET /kms/keys HTTP/1.1\r\nHost: x\r\nx-api-");
        using TcpClient body = await HoldAsync(service.Address,
            $"POST /crypto/encrypt HTTP/1.1\r\nHost: x\r\nx-api-key: {apiKey}\r\nContent-Type: application/json\r\nContent-Length: "
            + "1900000\r\nExpect: 100-continue\r\n\r\n");

        // The service asks for the body: its request is under way for certain.
        byte[] interim = new byte[12];
        await body.GetStream().ReadExactlyAsync(interim);
        Encoding.ASCII.GetString(interim).Should().Be("HTTP/1.1 100");

        // A client that sends less than 10 kB in a second is sent away: so much lasts for longer than the end may take.
        await body.GetStream().WriteAsync(Encoding.ASCII.GetBytes("{\"plaintext\":\"" + new string('A', 1_000_000)));

        (await service.TerminateAsync()).Should().Be(0, service.Output);

        LastLine(service).Should().Contain("1 requests").And.Contain(CutOff);
    }

    /// <summary>F-04: nobody reads the pipe that it logs to. It answers all the same, and SIGTERM ends it.</summary>
    [Fact]
    public Task A_log_that_nobody_reads_holds_up_neither_requests_nor_the_end() => ShouldNotWaitForItsLogAsync("Production");

    [FactIf(Requirement.LongTests)]
    public Task The_log_for_developers_holds_up_nothing_either() => ShouldNotWaitForItsLogAsync("Development");

    private static async Task ShouldNotWaitForItsLogAsync(string environment)
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(
            directory.Path, new() { ["ASPNETCORE_ENVIRONMENT"] = environment }, isRead: false);
        using HttpClient client = service.Client();

        // Far more than a pipe and the queues of both logs hold.
        for (int i = 0; i < 300; i++)
        {
            Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetJsonAsync("/kms/supported-algorithms")));
            answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK);
        }

        (await service.TerminateAsync()).Should().Be(0);
    }

    // Not the first answer: on a busy machine those that wait for their turn are refused before the first key is there.
    private static async Task OneShouldBeMadeAsync(IEnumerable<Task<Answer>> asked)
    {
        await foreach (Task<Answer> answered in Task.WhenEach(asked))
        {
            if ((await answered).Status == HttpStatusCode.Created)
                return;
        }
    }

    private static Dictionary<string, string?> Within(string timeout) => new() { ["Qkms__ShutdownTimeout"] = timeout };

    private static string LastLine(ServiceProcess service) => service.Output.TrimEnd().Split('\n')[^1];

    private static async Task<TcpClient> HoldAsync(Uri address, string begin)
    {
        TcpClient client = new();
        await client.ConnectAsync(address.Host, address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(begin));
        return client;
    }

    /// <summary>From some moment on a new connection is refused, or told 503 and closed.</summary>
    private static Task NewWorkShouldBeRefusedAsync(Uri address) => Eventually.HoldsAsync(async () =>
    {
        try
        {
            using HttpClient client = new() { BaseAddress = address };
            Answer answer = await client.GetJsonAsync("/health/ready");
            if (answer.Status == HttpStatusCode.OK)
                return false;

            ShouldSayGoodbye(answer);
        }
        catch (HttpRequestException)
        {
            // Nobody listens any more.
        }

        return true;
    });

    internal static void ShouldSayGoodbye(Answer answer)
    {
        answer.ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001");
        answer.Headers["Retry-After"].Should().Be("5");
        answer.Headers["Connection"].Should().Be("close");
    }
}
