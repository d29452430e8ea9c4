using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using Xunit.Abstractions;

namespace Qkms.Tests.Hosting;

// V-05
/// <summary>
/// F-03: 2,500 connections of strangers for ten seconds: open requests, wrong API keys, heads and bodies that do not end. The calls of
/// three API keys go on; what they met before and meanwhile stands in the output of the test.
/// </summary>
/// <remarks>
/// One call in a hundred decides, which are six: a machine that stands still twice makes as many slow, and no stranger did it. So there are
/// up to three loads. What strangers do to the calls they do each time.
/// </remarks>
[Collection(MeasuringCollection.Name)]
public sealed class LoadFromNobodyTests(ITestOutputHelper output)
{
    private const int Connections = 2500;
    private const int Megabyte = 1024 * 1024;

    // The web server's buffers of a connection, and the objects around them.
    private const int MemoryOfConnection = 128 * 1024;

    private const int Loads = 3;

    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _load = TimeSpan.FromSeconds(10);

    [FactIf(Requirement.LongTestsOnSqlite)]
    public async Task Three_api_keys_are_served_while_strangers_press()
    {
        using TemporaryDirectory directory = new();
        string[] apiKeys = await MakeApiKeysAsync(directory.Path);
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        await CallAsync(service, apiKeys, _quiet);
        int loads = 1;
        while (!await IsServedUnderLoadAsync(service, apiKeys))
            (++loads).Should().BeLessThanOrEqualTo(Loads, "strangers who are there make hardly a call ten times as slow");
    }

    /// <summary>One load: whether the strangers were there, and hardly a call took ten times as long as before, or longer.</summary>
    private async Task<bool> IsServedUnderLoadAsync(ServiceProcess service, string[] apiKeys)
    {
        Figures quiet = await CallAsync(service, apiKeys, _quiet);
        long before = MemoryOf(service);
        long most = before;
        using CancellationTokenSource over = new(_load + _quiet);
        Task<int>[] strangers = [.. Enumerable.Range(0, Connections).Select(i => PressAsync(service.Address, i, over.Token))];
        Figures loaded = await CallAsync(service, apiKeys, _load, () => most = Math.Max(most, MemoryOf(service)));
        await over.CancelAsync();
        int answered = (await Task.WhenAll(strangers)).Sum();

        long after = before;
        await Eventually.HoldsAsync(() =>
        {
            after = MemoryOf(service);
            return Task.FromResult(after < before + (64 * Megabyte));
        });
        output.WriteLine($"quiet: {quiet}; with {answered} answers to strangers: {loaded}");
        output.WriteLine($"memory: {before / Megabyte} MB before, {most / Megabyte} MB at most, {after / Megabyte} MB afterwards");

        loaded.Calls.Should().BePositive();
        most.Should().BeLessThan(before + ((long)Connections * MemoryOfConnection));

        // Both on the same machine in the same minute; where the quiet one is a few milliseconds, other programs weigh more than strangers.
        return answered > Connections && loaded.Slow < 10 * Math.Max(quiet.Slow, 100);
    }

    private static async Task<string[]> MakeApiKeysAsync(string directory)
    {
        await using QkmsApplication app = new(directory);
        string[] apiKeys = [app.InitialApiKey, await app.CreateTenantAsync("second"), await app.CreateTenantAsync("third")];
        foreach (string apiKey in apiKeys)
        {
            using HttpClient client = app.ClientFor(apiKey);
            await client.GenerateAsync("AES-256");
        }

        return apiKeys;
    }

    /// <summary>Each API key encrypts again and again, one call after the other; a refusal fails the test.</summary>
    private static async Task<Figures> CallAsync(ServiceProcess service, string[] apiKeys, TimeSpan time, Action? meanwhile = null)
    {
        ConcurrentBag<double> milliseconds = [];
        Stopwatch total = Stopwatch.StartNew();
        await Task.WhenAll(apiKeys.Select(async apiKey =>
        {
            using HttpClient client = new() { BaseAddress = service.Address };
            client.DefaultRequestHeaders.Add("x-api-key", apiKey);
            while (total.Elapsed < time)
            {
                Stopwatch one = Stopwatch.StartNew();
                (await client.PostJsonAsync("/crypto/encrypt", """{"plaintext":"aGVsbG8="}""")).ShouldBe(HttpStatusCode.OK);
                milliseconds.Add(one.Elapsed.TotalMilliseconds);
                meanwhile?.Invoke();
                await Task.Delay(5);
            }
        }));
        double[] sorted = [.. milliseconds.Order()];
        return new Figures(sorted.Length, sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]);
    }

    /// <summary>One stranger, until it is over; how many answers it got.</summary>
    private static async Task<int> PressAsync(Uri address, int number, CancellationToken over)
    {
        string request = (number % 4) switch
        {
            0 => "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n",
            1 => $"GET /kms/keys HTTP/1.1\r\nHost: x\r\nx-api-key: pqv1_{number:d40}\r\n\r\n",
            2 => $"GET /kms/keys HTTP/1.1\r\nHost: x\r\nX-Long: {new string('a', 8000)}",
            _ => "POST /crypto/encrypt HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1900000\r\n\r\n{",
        };
        byte[] bytes = Encoding.ASCII.GetBytes(request);
        bool ends = number % 4 < 2;
        byte[] some = new byte[4096];
        int answers = 0;
        while (!over.IsCancellationRequested)
        {
            try
            {
                using TcpClient tcp = new();
                await tcp.ConnectAsync(address.Host, address.Port, over);
                NetworkStream stream = tcp.GetStream();
                await stream.WriteAsync(bytes, over);
                while (ends && await stream.ReadAsync(some, over) > 0)
                {
                    answers++;
                    await Task.Delay(1000, over);
                    await stream.WriteAsync(bytes, over);
                }

                for (int i = 0; !ends && i < 100; i++)
                {
                    await Task.Delay(500, over);
                    await stream.WriteAsync("a"u8.ToArray(), over);
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // The service has closed the connection, or it is over.
            }
        }

        return answers;
    }

    private static long MemoryOf(ServiceProcess service)
    {
        using Process process = Process.GetProcessById(service.Id);
        return process.WorkingSet64;
    }

    /// <param name="Calls">How many.</param>
    /// <param name="Median">In milliseconds.</param>
    /// <param name="Slow">What all but one in a hundred stay below, in milliseconds.</param>
    private sealed record Figures(int Calls, double Median, double Slow)
    {
        public override string ToString() => $"{Calls} calls, median {Median:f1} ms, p99 {Slow:f1} ms";
    }
}
