using Microsoft.Data.Sqlite;
using Qkms.Storage.Postgres;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Integrity;

/// <summary>
/// F-10, F-13: every attack on the schema, made from what the database says of itself, and what the service notices of it: at the start,
/// and while it runs. The second table of docs/protection.md, one for each database, is what is measured here.
/// </summary>
public sealed class SchemaTableTests : ServiceTests
{
    // The service names five differences, and counts the others.
    private const int MostNamed = 5;

    private static readonly (SchemaAttackKind Kind, string Title)[] _titles =
    [
        (SchemaAttackKind.Trigger, "triggers"),
        (SchemaAttackKind.Rule, "rules"),
        (SchemaAttackKind.View, "view in its place"),
        (SchemaAttackKind.IndexDropped, "indexes dropped"),
        (SchemaAttackKind.NoLongerUnique, "indexes no longer unique"),
        (SchemaAttackKind.CheckWeakened, "`CHECK`s weakened"),
    ];

    [Fact]
    public async Task What_is_noticed_of_the_schema_is_what_the_page_says()
    {
        (await Client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        string path = Path.Combine(App.DataDirectory, "qkms.db");
        using SqliteConnection? genuine = TestStorage.IsPostgres ? null : CopyOf(path);
        SchemaAttack[] attacks;
        using (Database database = TestStorage.OpenUntouched(App.DataDirectory))
        {
            attacks = [.. TestStorage.IsPostgres ? SchemaAttacks.OnPostgres(database) : SchemaAttacks.OnSqlite(database)];
            attacks.Select(attack => attack.Table).Distinct().Should().BeEquivalentTo(database.TableNames(), "every table is attacked");
        }

        List<string> missed = [];
        foreach (SchemaAttack[] batch in Batches(attacks))
        {
            using (Database database = TestStorage.OpenUntouched(App.DataDirectory))
            {
                foreach (SchemaAttack attack in batch)
                    database.Execute(attack.Do);
            }

            string atStart = await StartRefusalAsync();
            string running = await RunningRefusalAsync();
            missed.AddRange(batch.Where(attack => !Names(atStart, attack)).Select(attack => $"the start, of {attack}: {atStart}"));
            missed.AddRange(batch.Where(attack => !Names(running, attack)).Select(attack => $"the service, of {attack}: {running}"));
            if (genuine is not null)
            {
                PutBack(genuine, path);
                continue;
            }

            using Database undone = TestStorage.OpenUntouched(App.DataDirectory);
            foreach (SchemaAttack attack in batch)
                undone.Execute(attack.Undo);
        }

        missed.Should().BeEmpty();
        (await StartRefusalAsync()).Should().BeEmpty("everything is as it was");
        (await RunningRefusalAsync()).Should().BeEmpty("everything is as it was");
        await GeneratedPart.ShouldBeAsync(TestStorage.IsPostgres ? "PostgreSQL's schema" : "SQLite's schema", Table(attacks));
    }

    // No more than are named, and no two on one table, so that none hides another. What acts by itself is named before tables, and those
    // before the rest; some attacks change something of lesser rank too.
    private static IEnumerable<SchemaAttack[]> Batches(SchemaAttack[] attacks) => attacks
        .GroupBy(attack => attack.Difference switch
        {
            null => "alone",
            _ when attack.Kind <= SchemaAttackKind.View => "acting",
            _ => attack.Difference.Split(' ')[0],
        })
        .SelectMany(rank => rank.Key == "alone" ? rank.Select(attack => (SchemaAttack[])[attack]) : OneOfEachTable(rank));

    private static IEnumerable<SchemaAttack[]> OneOfEachTable(IEnumerable<SchemaAttack> attacks)
    {
        Queue<SchemaAttack>[] queues =
            [.. attacks.GroupBy(attack => attack.Table).Select(ofTable => new Queue<SchemaAttack>(ofTable))];
        while (Array.Exists(queues, queue => queue.Count > 0))
        {
            yield return
            [
                .. queues.Where(queue => queue.Count > 0)
                    .OrderByDescending(queue => queue.Count)
                    .Take(MostNamed)
                    .Select(queue => queue.Dequeue()),
            ];
        }
    }

    private static bool Names(string refusal, SchemaAttack attack) =>
        attack.Difference is null ? refusal.Length > 0 : refusal.Contains(attack.Difference, StringComparison.Ordinal);

    /// <summary>What a start says of the database, and nothing when it takes it.</summary>
    private async Task<string> StartRefusalAsync()
    {
        try
        {
            await StartOnDatabase.MigrateAsync(App);
            return "";
        }
        catch (StoreUnusableException e)
        {
            return e.Message;
        }
    }

    /// <summary>What the running service logs at its next look, and nothing while it serves.</summary>
    private async Task<string> RunningRefusalAsync()
    {
        int before = App.Log.Lines.Count;
        IKmsStore store = App.Store();
        await (store is PostgresKmsStore postgres ? postgres.Schema : ((SqliteKmsStore)store).Schema).LookAsync();
        string[] said = [.. App.Log.Lines.Skip(before).Where(line => line.StartsWith("Critical ", StringComparison.Ordinal))];
        Answer answer = await Client.GetJsonAsync("/kms/keys");
        answer.Status.Should().Be(said.Length > 0 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, "{0}", answer.Body);
        return string.Join('\n', said);
    }

    private static SqliteConnection CopyOf(string path)
    {
        using SqliteConnection file = new($"Data Source={path};Pooling=False");
        SqliteConnection copy = new("Data Source=:memory:;Pooling=False");
        file.Open();
        copy.Open();
        file.BackupDatabase(copy);
        return copy;
    }

    private static void PutBack(SqliteConnection genuine, string path)
    {
        using SqliteConnection file = new($"Data Source={path};Pooling=False");
        file.Open();
        genuine.BackupDatabase(file);
    }

    private static string Table(SchemaAttack[] attacks)
    {
        (SchemaAttackKind Kind, string Title)[] columns =
            [.. _titles.Where(title => attacks.Any(attack => attack.Kind == title.Kind))];
        IEnumerable<string> rows = attacks
            .GroupBy(attack => attack.Table)
            .OrderBy(of => of.Key, StringComparer.Ordinal)
            .Select(of =>
                $"| `{of.Key}` | {string.Join(" | ", columns.Select(column => of.Count(attack => attack.Kind == column.Kind)))} |\n");
        return $"""
            | table | {string.Join(" | ", columns.Select(column => column.Title))} |
            |---|{string.Concat(columns.Select(_ => "---:|"))}
            {string.Concat(rows)}
            {attacks.Length} attacks, each noticed at the start and within a minute.

            """;
    }
}
