using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Qkms.Api.Logging;

namespace Qkms.Tests.Hosting;

/// <summary>The log of production: one JSON object for each line, none lost at the end.</summary>
public sealed partial class JsonLogTests : IDisposable
{
    // A busy machine may keep the thread of the log away for longer than a service has time.
    private static readonly LogTimes _patient = new() { Grace = TimeSpan.FromMinutes(1), End = TimeSpan.FromMinutes(1) };

    private readonly MemoryStream _stream = new();

    public void Dispose() => _stream.Dispose();

    [Fact]
    public void A_line_has_what_was_logged_by_name()
    {
        Guid id = new("01234567-89ab-7def-8123-456789abcdef");
        JsonObject line = Write(logger => LogAll(logger, "GET", 200, 1.5, id, null)).Should().ContainSingle().Subject;

        line.Select(member => member.Key).Should().Equal("Timestamp", "EventId", "LogLevel", "Category", "Message", "State");
        ((string)line["Timestamp"]!).Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
        ((int)line["EventId"]!).Should().Be(7);
        ((string)line["LogLevel"]!).Should().Be("Information");
        ((string)line["Category"]!).Should().Be("Test");
        ((string)line["Message"]!).Should().Be($"GET 200 1.5 {id} (null)");

        // In whatever order the generator of the logging method puts them.
        JsonNode expected = JsonNode.Parse($$"""{"Method":"GET","Status":200,"Milliseconds":1.5,"Id":"{{id}}","Nothing":null}""")!;
        JsonNode.DeepEquals(line["State"], expected).Should().BeTrue(line.ToJsonString());
    }

    // Whatever is logged stays within its line and its member.
    [Fact]
    public void Line_ends_and_quotes_are_escaped()
    {
        const string Text = "a\nb\r\u2028\"},{\u0000";

        List<JsonObject> lines = Write(logger => LogText(logger, Text));

        ((string)lines.Should().ContainSingle().Subject["State"]!["Text"]!).Should().Be(Text);
    }

    [Fact]
    public void A_failure_is_written_with_its_exception()
    {
        JsonObject line = Write(logger => LogFailure(logger, new InvalidOperationException("broken")))[0];

        ((string)line["LogLevel"]!).Should().Be("Error");
        ((string)line["Exception"]!).Should().StartWith("System.InvalidOperationException: broken");
    }

    [Fact]
    public async Task Lines_of_many_threads_come_whole_and_in_the_order_of_each()
    {
        using (JsonLogProvider provider = new(_stream, TimeProvider.System, _patient))
        {
            ILogger logger = provider.CreateLogger("Test");
            await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
            {
                for (int i = 0; i < 5_000; i++)
                    LogNumber(logger, thread, i);
            })));
        }

        foreach (IGrouping<int, JsonObject> thread in Lines().GroupBy(line => (int)line["State"]!["Thread"]!))
            thread.Select(line => (int)line["State"]!["Number"]!).Should().Equal(Enumerable.Range(0, 5_000));
    }

    [Fact]
    public async Task What_is_urgent_is_written_before_the_rest_is_waited_for()
    {
        const string Expected = "later\nnow\n";

        // It would wait for ever for what comes after the first line.
        using (LogOutput output = new(_stream, WriteDropped, _patient with { Linger = Timeout.InfiniteTimeSpan }))
        {
            output.Add("later\n"u8, isUrgent: false);
            output.Add("now\n"u8, isUrgent: true);
            await Eventually.HoldsAsync(() => Task.FromResult(_stream.Length == Expected.Length));
        }

        Encoding.UTF8.GetString(_stream.ToArray()).Should().Be(Expected);
    }

    // F-04: memory stays bounded, and nobody who logs waits for a reader.
    [Fact]
    public async Task A_log_that_is_not_read_loses_lines_and_says_how_many()
    {
        using SemaphoreSlim reading = new(0);
        byte[] line = [.. Enumerable.Repeat((byte)'x', 1023), (byte)'\n'];
        using (LogOutput output = new(new SlowStream(_stream, reading), WriteDropped, new LogTimes { End = _patient.End }))
        {
            Task adding = Task.Run(() =>
            {
                for (int i = 0; i < 10_000; i++)
                    output.Add(line, isUrgent: false);

                output.Add("urgent\n"u8, isUrgent: true);
            });
            bool isHeldUp = await Task.WhenAny(adding, Task.Delay(TimeSpan.FromMinutes(1))) != adding;
            reading.Release(10_000);
            await adding;
            isHeldUp.Should().BeFalse("nobody who logs waits for a reader");
        }

        string[] lines = Encoding.UTF8.GetString(_stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int written = lines.Count(text => text[0] == 'x');
        written.Should().BeInRange(1, 3_000);
        lines.Should().Contain("urgent");
        lines.Where(text => text.StartsWith("dropped ", StringComparison.Ordinal))
            .Sum(text => int.Parse(text[8..], CultureInfo.InvariantCulture))
            .Should().Be(10_000 - written);
    }

    // F-04: as a service that stops, whose supervisor does not read.
    [Fact]
    public async Task A_reader_that_never_reads_does_not_hold_up_the_end()
    {
        using SemaphoreSlim never = new(0);
        LogOutput output = new(new SlowStream(_stream, never), WriteDropped, new LogTimes());
        output.Add("line\n"u8, isUrgent: true);

        await Task.Run(output.Dispose).WaitAsync(TimeSpan.FromMinutes(1));

        // Its thread is still there, and must not meet what ends with this test.
        never.Release(100);
        await Eventually.HoldsAsync(() => Task.FromResult(_stream.Length > 0));
    }

    // An exception on the thread of the log would end the process.
    [Fact]
    public async Task A_stream_that_somebody_closed_ends_nothing()
    {
        using SemaphoreSlim reading = new(0);
        using LogOutput output = new(new SlowStream(_stream, reading), WriteDropped, _patient);
        output.Add("lost\n"u8, isUrgent: true);
        await _stream.DisposeAsync();
        reading.Release(100);
        await Eventually.HoldsAsync(() => Task.FromResult(reading.CurrentCount == 99));
        output.Add("lost too\n"u8, isUrgent: true);

        await Eventually.HoldsAsync(() => Task.FromResult(reading.CurrentCount == 98));
    }

    // F-04: a disk that is full takes no line, and later says how many are missing.
    [Fact]
    public async Task Lines_that_could_not_be_written_are_counted()
    {
        const string Expected = "kept\ndropped 1\n";
        using FailingStream stream = new(_stream);
        using (LogOutput output = new(stream, WriteDropped, _patient))
        {
            stream.Fails = true;
            output.Add("lost\n"u8, isUrgent: true);
            await Eventually.HoldsAsync(() => Task.FromResult(stream.Failures > 0));
            stream.Fails = false;
            output.Add("kept\n"u8, isUrgent: true);

            // Its end would come before the count: what fails to be written after that is not counted.
            await Eventually.HoldsAsync(() => Task.FromResult(_stream.Length == Expected.Length));
        }

        Encoding.UTF8.GetString(_stream.ToArray()).Should().Be(Expected);
    }

    // F-04
    [Fact]
    public void The_line_about_lost_lines_is_a_log_line_like_all_others()
    {
        ArrayBufferWriter<byte> line = new();
        JsonLogger.WriteDropped(line, 7, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

        string text = Encoding.UTF8.GetString(line.WrittenSpan);
        text.Should().EndWith("}\n");
        JsonNode json = JsonNode.Parse(text)!;
        json.AsObject().Select(member => member.Key)
            .Should().Equal("Timestamp", "EventId", "LogLevel", "Category", "Message", "State");
        ((string)json["Timestamp"]!).Should().Be("2026-01-02T03:04:05.000Z");
        ((int)json["State"]!["Lines"]!).Should().Be(7);
    }

    [Fact]
    public void After_the_end_nothing_is_written_and_nobody_waits()
    {
        LogOutput output = new(_stream, WriteDropped, _patient);
        output.Dispose();
        output.Add("late\n"u8, isUrgent: true);
        output.Dispose();

        _stream.ToArray().Should().BeEmpty();
    }

    private List<JsonObject> Write(Action<ILogger> log)
    {
        using (JsonLogProvider provider = new(_stream, TimeProvider.System, _patient))
            log(provider.CreateLogger("Test"));

        return Lines();
    }

    private List<JsonObject> Lines() =>
        [
            .. Encoding.UTF8.GetString(_stream.ToArray())
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line)!.AsObject())
        ];

    [LoggerMessage(7, LogLevel.Information, "{Method} {Status} {Milliseconds} {Id} {Nothing}")]
    private static partial void LogAll(ILogger logger, string method, int status, double milliseconds, Guid id, string? nothing);

    [LoggerMessage(8, LogLevel.Warning, "{Text}")]
    private static partial void LogText(ILogger logger, string text);

    [LoggerMessage(9, LogLevel.Error, "failed")]
    private static partial void LogFailure(ILogger logger, Exception exception);

    [LoggerMessage(10, LogLevel.Information, "{Thread} {Number}")]
    private static partial void LogNumber(ILogger logger, int thread, int number);

    private static void WriteDropped(IBufferWriter<byte> line, long dropped) =>
        line.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"dropped {dropped}\n")));

    /// <summary>Writes when a test lets it.</summary>
    private sealed class SlowStream(MemoryStream inner, SemaphoreSlim reading) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            reading.Wait();
            inner.Write(buffer);
        }
    }

    private sealed class FailingStream(MemoryStream inner) : MemoryStream
    {
        private volatile bool _fails;
        private volatile int _failures;

        public bool Fails
        {
            get => _fails;
            set => _fails = value;
        }

        public int Failures => _failures;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (_fails)
            {
                _failures++;
                throw new IOException("no space left");
            }

            inner.Write(buffer);
        }
    }
}
