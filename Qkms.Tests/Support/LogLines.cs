using Microsoft.Extensions.Logging.Testing;

namespace Qkms.Tests.Support;

/// <summary>The log that a <see cref="FakeLogCollector"/> kept, as text to search in.</summary>
internal static class LogLines
{
    extension(FakeLogCollector log)
    {
        /// <summary>A line for each record: what an operator sees, every value of its state, and the exception.</summary>
        public IReadOnlyList<string> Lines => [.. log.GetSnapshot().Select(LineOf)];

        /// <summary>All lines.</summary>
        public string Text => string.Join('\n', log.Lines);
    }

    private static string LineOf(FakeLogRecord record)
    {
        string values = string.Join(' ', (record.StructuredState ?? []).Select(pair => $"{pair.Key}={pair.Value}"));
        return $"{record.Level} {record.Category}[{record.Id.Id}] {record.Message} {values} {record.Exception}";
    }
}
