using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Qkms.Core.Backups;

/// <summary>
/// The entry of a table: a line with the names and kinds of its columns, then a line with the values of each row. Bytes are base64. The
/// same rows are the same bytes, whichever database they were in.
/// </summary>
internal sealed class BackupRowWriter : IDisposable
{
    private const int Enough = 1 << 16;

    private static readonly JsonWriterOptions _options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Stream _stream;
    private readonly IReadOnlyList<BackupColumn> _columns;
    private readonly ArrayBufferWriter<byte> _buffer = new(2 * Enough);
    private readonly Utf8JsonWriter _json;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Begins an entry.</summary>
    public BackupRowWriter(Stream stream, IReadOnlyList<BackupColumn> columns)
    {
        (_stream, _columns, _json) = (stream, columns, new Utf8JsonWriter(_buffer, _options));
        _json.WriteStartObject();
        foreach (BackupColumn column in columns)
            _json.WriteString(column.Name, BackupColumnKinds.WordOf(column.Kind));

        _json.WriteEndObject();
        EndLine();
    }

    /// <summary>How many rows were written.</summary>
    public long Rows { get; private set; }

    /// <summary>Writes a row.</summary>
    public void Write(object?[] values)
    {
        _json.WriteStartArray();
        for (int i = 0; i < values.Length; i++)
        {
            switch (values[i])
            {
                case null:
                    _json.WriteNullValue();
                    break;
                case long number when _columns[i].Kind == BackupColumnKind.Integer:
                    _json.WriteNumberValue(number);
                    break;
                case string text when _columns[i].Kind == BackupColumnKind.Text:
                    _json.WriteStringValue(text);
                    break;
                case byte[] bytes when _columns[i].Kind == BackupColumnKind.Blob:
                    _json.WriteBase64StringValue(bytes);
                    break;
                default:
                    throw new BackupException(
                        $"Column {_columns[i].Name} holds a value that is no {BackupColumnKinds.WordOf(_columns[i].Kind)}: the row was "
                        + "damaged. 'verify' names what does not hold.");
            }
        }

        _json.WriteEndArray();
        Rows++;
        EndLine();
    }

    /// <summary>Writes what is left; SHA-256 of the entry.</summary>
    public string End()
    {
        Drain();
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _json.Dispose();
        _hash.Dispose();
    }

    private void EndLine()
    {
        _json.Flush();
        _json.Reset();
        _buffer.Write("\n"u8);
        if (_buffer.WrittenCount >= Enough)
            Drain();
    }

    private void Drain()
    {
        _hash.AppendData(_buffer.WrittenSpan);
        _stream.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }
}

/// <summary>Reads what <see cref="BackupRowWriter"/> wrote, a row at a time.</summary>
internal sealed class BackupRowReader : IDisposable
{
    private readonly StreamReader _reader;

    /// <summary>Reads the first line.</summary>
    /// <exception cref="BackupException">It is none.</exception>
    public BackupRowReader(Stream stream)
    {
        _reader = new StreamReader(stream);
        try
        {
            using JsonDocument names = JsonDocument.Parse(_reader.ReadLine() ?? "");
            Columns =
            [
                .. names.RootElement.EnumerateObject().Select(
                    column => new BackupColumn(column.Name, BackupColumnKinds.Parse(column.Value.GetString()))),
            ];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            _reader.Dispose();
            throw Unreadable(e);
        }
    }

    /// <summary>The columns in the order of the values.</summary>
    public IReadOnlyList<BackupColumn> Columns { get; }

    /// <summary>The rows.</summary>
    /// <exception cref="BackupException">A line is no row.</exception>
    public IEnumerable<object?[]> Rows()
    {
        while (_reader.ReadLine() is { } line)
            yield return Parse(line);
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private object?[] Parse(string line)
    {
        try
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (row.RootElement.GetArrayLength() != Columns.Count)
                throw new FormatException();

            object?[] values = new object?[Columns.Count];
            int i = 0;
            foreach (JsonElement value in row.RootElement.EnumerateArray())
            {
                values[i] = value.ValueKind == JsonValueKind.Null ? null : Columns[i].Kind switch
                {
                    BackupColumnKind.Integer => value.GetInt64(),
                    BackupColumnKind.Text => value.GetString(),
                    _ => value.GetBytesFromBase64(),
                };
                i++;
            }

            return values;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw Unreadable(e);
        }
    }

    private static BackupException Unreadable(Exception e) =>
        new("A table of the backup cannot be read: the file was changed after it was made.", e);
}

/// <summary>The words of the file for kinds of columns.</summary>
internal static class BackupColumnKinds
{
    /// <summary>The word.</summary>
    public static string WordOf(BackupColumnKind kind) => kind switch
    {
        BackupColumnKind.Integer => "integer",
        BackupColumnKind.Text => "text",
        _ => "blob",
    };

    /// <summary>The kind.</summary>
    /// <exception cref="FormatException">There is no such word.</exception>
    public static BackupColumnKind Parse(string? word) => word switch
    {
        "integer" => BackupColumnKind.Integer,
        "text" => BackupColumnKind.Text,
        "blob" => BackupColumnKind.Blob,
        _ => throw new FormatException(),
    };
}
