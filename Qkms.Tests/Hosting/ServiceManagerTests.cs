using System.Net.Sockets;
using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.Hosting;

/// <summary>F-49: what the service tells systemd, as sd_notify(3) has it. The test is the service manager.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private readonly TemporaryDirectory _directory = new();
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public ServiceManagerTests() => _manager.Bind(new UnixDomainSocketEndPoint(NotifySocket));

    private string NotifySocket => _directory.File("notify");

    [Fact]
    public async Task F49_service_says_that_it_is_ready_once_it_listens_and_that_it_stops_on_SIGTERM()
    {
        using ServiceProcess service = Launch();
        (await ReceiveAsync()).Should().Be("READY=1", service.Output);

        // At once: nobody waits and tries again, unless a busy machine takes longer for a look at the database than one is waited for.
        using HttpClient client = service.Client();
        Answer ready = await client.GetJsonAsync("/health/ready");
        for (int i = 0; i < 30 && ready.Body.Contains("The database does not answer", StringComparison.Ordinal); i++)
            ready = await client.GetJsonAsync("/health/ready");

        ready.ShouldBe(HttpStatusCode.OK);
        (await client.GetJsonAsync("/kms/keys")).Status.Should().Be(HttpStatusCode.OK);

        await service.SignalAsync("TERM");
        (await ReceiveAsync()).Should().Be("STOPPING=1");
        (await service.WaitForExitAsync()).Should().Be(0, service.Output);
        _manager.Available.Should().Be(0, "everything has been said");
        service.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Should().OnlyContain(line => JsonNode.Parse(line) is JsonObject, "systemd changes no log");
    }

    [Fact]
    public async Task F49_service_says_nothing_when_a_setting_stops_the_start()
    {
        using ServiceProcess service = Launch(("Qkms__Crypto__Engine", "none"));
        (await service.WaitForExitAsync()).Should().Be(1);
        _manager.Available.Should().Be(0);
    }

    [Fact]
    public async Task F49_service_says_nothing_when_its_address_is_taken()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        using ServiceProcess service = Launch(("ASPNETCORE_URLS", $"http://{other.LocalEndpoint}"));
        (await service.WaitForExitAsync()).Should().NotBe(0, service.Output);
        _manager.Available.Should().Be(0);
    }

    [Fact]
    public async Task F49_service_runs_and_logs_when_nobody_listens()
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(
            _directory.File("data"), new() { ["NOTIFY_SOCKET"] = _directory.File("nobody") });
        (await service.TerminateAsync()).Should().Be(0, service.Output);
        service.Output.Should().Contain("not told READY=1").And.Contain("not told STOPPING=1");
    }

    [Fact]
    public async Task F49_child_processes_do_not_inherit_the_socket()
    {
        using System.Diagnostics.Process child = Child.Start(ChildProgram.TakeNotifySocket, ("NOTIFY_SOCKET", NotifySocket));
        (await child.StandardOutput.ReadToEndAsync()).Trim().Should().Be($"{NotifySocket} then none");
        (await ReceiveAsync()).Should().Be("READY=1", "it still knows where to say it");
    }

    public void Dispose()
    {
        _manager.Dispose();
        _directory.Dispose();
    }

    private ServiceProcess Launch(params (string Name, string? Value)[] environment)
    {
        Dictionary<string, string?> all = environment.ToDictionary(pair => pair.Name, pair => pair.Value);
        all["NOTIFY_SOCKET"] = NotifySocket;
        return ServiceProcess.Launch(_directory.File("data"), all);
    }

    private async Task<string> ReceiveAsync()
    {
        using CancellationTokenSource limit = new(_patience);
        byte[] message = new byte[4096];
        int length = await _manager.ReceiveAsync(message, limit.Token);
        return Encoding.UTF8.GetString(message, 0, length);
    }
}
