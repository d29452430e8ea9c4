using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Core.Cryptography;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Storage.Postgres;
using Qkms.Storage.Sessions;
using Qkms.Storage.Sqlite;

namespace Qkms.Benchmarks.Writes;

/// <summary>
/// ML-KEM-768 keys that are generated and durably stored per second, beside the same statements on the same database with one
/// transaction for each key, and with one for each statement. They are measured in turn, in several rounds, so that what else the
/// machine does falls on all alike.
/// </summary>
internal static class WritesReport
{
    private const int WarmUpCallers = 8;

    internal static async Task<int> RunAsync(WritesOptions options, TextWriter output)
    {
        PremadeKeys keys = new(PqcEngines.Select(PqcEngines.BouncyCastle));
        await output.WriteLineAsync(
            "| database | callers | written by | keys/s | p50, ms | p99, ms | Qkms to this |\n|---|---|---|---|---|---|---|");
        string directory = Directory.CreateDirectory(Path.Combine(options.Directory, $"qkms-writes-{Environment.ProcessId}")).FullName;
        try
        {
            await OnSqliteAsync(options, keys, Path.Combine(directory, "sqlite"), output);
            if (options.Postgres is { } server)
                await OnPostgresAsync(options, server, keys, Path.Combine(directory, "postgresql"), output);

            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task OnSqliteAsync(WritesOptions options, PremadeKeys keys, string directory, TextWriter output)
    {
        await using SqliteKmsStore store = new(
            new SqliteStorageOptions { DataDirectory = directory }, TimeProvider.System, NullLogger<SqliteKmsStore>.Instance);
        await store.OpenAsync(CancellationToken.None);
        SqliteDataSource source = new(DataDirectory.DatabasePathIn(directory));
        await using SingleWrites units = new(
            store, SqlDialect.Sqlite, GroupCommitWriter.Begin, connections: 1, () => new(source.OpenWriter()));
        await using SingleWrites statements = new(store, SqlDialect.Sqlite, begin: null, connections: 1, () => new(source.OpenWriter()));
        await CompareAsync("SQLite", options, [store, units, statements], directory, keys, output);
    }

    private static async Task OnPostgresAsync(WritesOptions options, string server, PremadeKeys keys, string directory, TextWriter output)
    {
        string name = $"qkms_writes_{Environment.ProcessId}";
        string database = await ServerDatabase.OpenAsync(server, name);
        try
        {
            await using PostgresKmsStore store = new(
                new PostgresStorageOptions { ConnectionString = database }, TimeProvider.System, NullLogger<PostgresKmsStore>.Instance);
            await store.OpenAsync(CancellationToken.None);
            Core.Secrets.PrivateFile.CreateFolder(directory);
            using (new RootKeyLocator(new RootKeyEnvironment(), directory).Create())
            {
                // Where the service wants an operator to put one.
            }

            using PostgresConnections one = new(new PostgresStorageOptions { ConnectionString = database });
            await using SingleWrites units = new(
                store, SqlDialect.Postgres, "BEGIN;", one.PoolSize, async () => await one.OpenWriterAsync(CancellationToken.None));

            // Without a transaction nothing keeps the journal's stream for one writer, and two would take the same position in it.
            await CompareAsync(store.Description.Split(',')[0], options, [store, units], directory, keys, output);
        }
        finally
        {
            await ServerDatabase.DropAsync(server, name);
        }
    }

    private static async Task CompareAsync(
        string database, WritesOptions options, IReadOnlyList<IKmsStore> stores, string directory, PremadeKeys keys, TextWriter output)
    {
        string[] names = ["Qkms", "one transaction for each key", "one for each statement"];
        TimeSpan time = TimeSpan.FromSeconds(options.Seconds);
        List<KeyMaker> writers = [];
        try
        {
            foreach (IKmsStore store in stores)
            {
                KeyMaker writer = await KeyMaker.OpenAsync(store, directory, keys);
                writers.Add(writer);
                await writer.RunAsync(WarmUpCallers, TimeSpan.FromSeconds(options.WarmUp));
            }

            foreach (int callers in options.Callers)
            {
                List<WritesResult>[] results = [.. writers.Select(_ => new List<WritesResult>())];
                for (int round = 0; round < options.Rounds; round++)
                {
                    for (int i = 0; i < results.Length; i++)
                        results[i].Add(await writers[i].RunAsync(callers, time));
                }

                WritesResult[] medians = [.. results.Select(Median)];
                for (int i = 0; i < medians.Length; i++)
                    await output.WriteLineAsync(
                        Row(database, callers, names[i], medians[i], i == 0 ? null : medians[0].PerSecond / medians[i].PerSecond));
            }
        }
        finally
        {
            writers.ForEach(writer => writer.Dispose());
        }
    }

    private static string Row(string database, int callers, string name, WritesResult result, double? ratio) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {database} | {callers} | {name} | {result.PerSecond:N0} | {result.Median:F2} | {result.Percentile99:F2} | {ratio:F2} |");

    private static WritesResult Median(List<WritesResult> results) =>
        new(
            Median(results.Select(result => result.PerSecond)),
            Median(results.Select(result => result.Median)),
            Median(results.Select(result => result.Percentile99)));

    private static double Median(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
