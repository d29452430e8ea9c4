using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Qkms.Api.Logging;

/// <summary>Writes entries of one category.</summary>
internal sealed class JsonLogger(string category, LogOutput output, TimeProvider time) : ILogger
{
    private const string OriginalFormat = "{OriginalFormat}";

    private static readonly EventId _linesDropped = new(ApiEvents.LogLinesDropped, "LogLinesDropped");

    // One of each for every thread that logs. Lines hold no secrets.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _json;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        IJsonLogState? frequent = state as IJsonLogState;
        ArrayBufferWriter<byte> buffer = _buffer ??= new ArrayBufferWriter<byte>(1024);
        Utf8JsonWriter json = _json ??= new Utf8JsonWriter(buffer);
        buffer.ResetWrittenCount();
        json.Reset();

        json.WriteStartObject();
        WriteTimestamp(json, time.GetUtcNow());
        json.WriteNumber("EventId"u8, eventId.Id);
        json.WriteString("LogLevel"u8, Word(logLevel));
        json.WriteString("Category"u8, category);
        json.WriteString("Message"u8, frequent?.Title ?? formatter(state, exception));
        if (exception is not null)
            json.WriteString("Exception"u8, exception.ToString());

        json.WriteStartObject("State"u8);
        if (frequent is not null)
            frequent.WriteMembers(json);
        else
            WriteMembers(json, state as IReadOnlyList<KeyValuePair<string, object?>>);

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        buffer.Write("\n"u8);
        output.Add(buffer.WrittenSpan, isUrgent: logLevel >= LogLevel.Warning);
    }

    /// <summary>Writes the line that says how many were dropped, in the form of all others.</summary>
    internal static void WriteDropped(IBufferWriter<byte> line, long dropped, DateTimeOffset now)
    {
        using (Utf8JsonWriter json = new(line))
        {
            json.WriteStartObject();
            WriteTimestamp(json, now);
            json.WriteNumber("EventId"u8, _linesDropped.Id);
            json.WriteString("LogLevel"u8, Word(LogLevel.Warning));
            json.WriteString("Category"u8, "Qkms.Logging"u8);
            json.WriteString("Message"u8, $"{dropped} log lines were dropped: the reader of the log did not take them.");
            json.WriteStartObject("State"u8);
            json.WriteNumber("Lines"u8, dropped);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        line.Write("\n"u8);
    }

    private static void WriteMembers(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>>? state)
    {
        for (int i = 0; i < state?.Count; i++)
        {
            (string name, object? value) = state[i];
            if (name != OriginalFormat)
                WriteValue(json, name, value);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case int number:
                json.WriteNumber(name, number);
                break;
            case long number:
                json.WriteNumber(name, number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(name, number);
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case Guid id:
                json.WriteString(name, id);
                break;
            default:
                json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => nameof(LogLevel.Trace),
        LogLevel.Debug => nameof(LogLevel.Debug),
        LogLevel.Information => nameof(LogLevel.Information),
        LogLevel.Warning => nameof(LogLevel.Warning),
        LogLevel.Error => nameof(LogLevel.Error),
        _ => nameof(LogLevel.Critical),
    };

    private static void WriteTimestamp(Utf8JsonWriter json, DateTimeOffset now)
    {
        Span<byte> text = stackalloc byte[UtcText.Length];
        UtcText.Write(now, text);
        json.WriteString("Timestamp"u8, text);
    }
}
