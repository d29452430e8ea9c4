using System.Diagnostics.Metrics;
using Qkms.Core.Telemetry;

namespace Qkms.Storage.Telemetry;

/// <summary>What the writer of SQLite measures; PostgreSQL's provider has a meter of its own.</summary>
internal static class StorageMeter
{
    /// <summary>The span of a unit that reads.</summary>
    public const string SqliteRead = "qkms.sqlite.read";

    /// <summary>The span of a unit that writes, from the queue to the disk.</summary>
    public const string SqliteWrite = "qkms.sqlite.write";

    /// <summary>Units that wait for the writer.</summary>
    public static UpDownCounter<long> QueueLength { get; } = KmsMeter.Meter.CreateUpDownCounter<long>(
        "qkms.sqlite.queue.length", "{write}", "Writes that wait for the SQLite writer; at 4,096 further ones are refused.");

    /// <summary>Units in one transaction.</summary>
    public static Histogram<long> BatchSize { get; } = KmsMeter.Meter.CreateHistogram(
        "qkms.sqlite.batch.size", "{write}", "Writes that share one transaction.", tags: null, new InstrumentAdvice<long>
        {
            HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256],
        });

    /// <summary>How long one transaction takes.</summary>
    public static Histogram<double> BatchDuration { get; } = KmsMeter.Meter.CreateHistogram(
        "qkms.sqlite.batch.duration", "s", "Time of one transaction, from BEGIN to the commit on disk.", tags: null, KmsMeter.Durations);
}
