using System.Globalization;
using Found = (Qkms.Tests.Integrity.Attack Attack, string Outcome);

namespace Qkms.Tests.Integrity;

/// <summary>The table of docs/protection.md: of every attack what is noticed.</summary>
internal static class IntegrityTable
{
    // What is on PostgreSQL only; there the test measures it too.
    private static readonly string[] _onPostgresOnly = ["schema_lock", "writes.fenced"];

    public static Task PageShouldSayAsync(IReadOnlyList<Found> outcomes) =>
        GeneratedPart.ShouldBeAsync("What is noticed", Table(outcomes), mayWrite: !TestStorage.IsPostgres);

    private static string Table(IReadOnlyList<Found> outcomes)
    {
        Found[] onBoth = [.. outcomes.Where(outcome => !IsOnPostgresOnly(outcome.Attack))];
        StringBuilder table = new("| table | attack | noticed | columns |\n|---|---|---|---|\n");
        foreach (IGrouping<(string Name, AttackKind Kind), Found> attacks in onBoth
            .GroupBy(outcome => (outcome.Attack.Row.Name, outcome.Attack.Kind))
            .OrderBy(attacks => attacks.Key.Name, StringComparer.Ordinal)
            .ThenBy(attacks => attacks.Key.Kind))
        {
            foreach (IGrouping<string, Found> same in attacks.GroupBy(outcome => outcome.Outcome)
                .OrderByDescending(same => same.Count())
                .ThenBy(same => same.Key, StringComparer.Ordinal))
            {
                IEnumerable<string> names = same.Select(outcome => $"`{outcome.Attack.Column}`").Order(StringComparer.Ordinal);
                string columns = same.First().Attack.Column is null ? ""
                    : same.Count() == attacks.Count() ? "each"
                    : string.Join(", ", names);
                string what = $"{Named(attacks.Key.Name)} | {Words(attacks.Key.Kind)}";
                table.Append(CultureInfo.InvariantCulture, $"| {what} | {same.Key} | {columns} |\n");
            }
        }

        int noticed = onBoth.Count(outcome => !outcome.Outcome.StartsWith("not", StringComparison.Ordinal));
        int all = onBoth.Length;
        table.Append(CultureInfo.InvariantCulture, $"\n{all} attacks, of which {noticed} are noticed and {all - noticed} are not.\n");
        return table.ToString();
    }

    private static bool IsOnPostgresOnly(Attack attack) =>
        _onPostgresOnly.Contains(attack.Row.Table) || _onPostgresOnly.Contains($"{attack.Row.Table}.{attack.Column}");

    private static string Named(string name) =>
        name.Split(',', 2) is [var table, var which] ? $"`{table}`,{which}" : $"`{name}`";

    private static string Words(AttackKind kind) => kind switch
    {
        AttackKind.Edit => "a column edited",
        AttackKind.Swap => "a column exchanged with another row's",
        AttackKind.OldValue => "a column's old value put back",
        AttackKind.OldRow => "the old row put back",
        AttackKind.Deleted => "the row deleted",
        AttackKind.Inserted => "a copy inserted under other names",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
