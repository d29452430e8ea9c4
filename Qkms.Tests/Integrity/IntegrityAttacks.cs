namespace Qkms.Tests.Integrity;

/// <summary>What somebody with write access to the database does to one row or one column of it.</summary>
internal enum AttackKind
{
    /// <summary>One bit of one column turns.</summary>
    Edit,

    /// <summary>One column changes places with that of another row.</summary>
    Swap,

    /// <summary>One column gets the value back that it had before.</summary>
    OldValue,

    /// <summary>The whole row is as it was before.</summary>
    OldRow,

    /// <summary>The row is gone.</summary>
    Deleted,

    /// <summary>There is a second one like it under other names.</summary>
    Inserted,
}

/// <summary>A row that is attacked.</summary>
/// <param name="Name">How the page names the table, or which of its rows.</param>
/// <param name="Table">The table.</param>
/// <param name="Where">The row.</param>
/// <param name="Other">The row that it changes places with; null when the table has one only.</param>
/// <param name="Identity">The columns by which a second row differs, with what stands in them.</param>
internal sealed record AttackedRow(
    string Name, string Table, string Where, string? Other, params (string Column, object? Value)[] Identity);

/// <summary>One attack.</summary>
/// <param name="Row">The row.</param>
/// <param name="Column">The column; null for the whole row.</param>
/// <param name="Kind">What is done.</param>
internal sealed record Attack(AttackedRow Row, string? Column, AttackKind Kind)
{
    public override string ToString() => $"{Row.Name}{(Column is null ? "" : $".{Column}")} {Kind}";
}

/// <summary>Carries attacks out, and undoes them, each in one transaction.</summary>
internal sealed class Attacker(Func<Database> open)
{
    private readonly Dictionary<string, Dictionary<string, object?>> _before = [];
    private readonly Dictionary<string, (string[] Columns, IReadOnlyList<object?[]> Rows)> _whole = [];

    /// <summary>Remembers the rows as they are: what is put back later.</summary>
    public void RememberOld(IEnumerable<AttackedRow> rows)
    {
        using Database database = open();
        foreach (AttackedRow row in rows)
        {
            if (Read(database, row) is { } values)
                _before[row.Name] = values;
        }
    }

    /// <summary>Remembers every table as it is: what an attack is undone to.</summary>
    public void RememberNew()
    {
        using Database database = open();
        foreach (string table in database.TableNames())
        {
            string[] columns = [.. database.ColumnNames(table)];
            _whole[table] = (columns, database.Rows($"SELECT {string.Join(", ", columns)} FROM {table}"));
        }
    }

    /// <summary>Every attack on a row. A swap with an equal value, or an old value like the new one, is none.</summary>
    public IEnumerable<Attack> AttacksOn(AttackedRow row)
    {
        using Database database = open();
        Dictionary<string, object?> now = Read(database, row)!;
        Dictionary<string, object?>? other = row.Other is null ? null : Read(database, row with { Where = row.Other });
        Dictionary<string, object?>? old = _before.GetValueOrDefault(row.Name);
        foreach (string column in now.Keys)
        {
            yield return new Attack(row, column, AttackKind.Edit);
            if (other is not null && !AreSame(now[column], other[column]))
                yield return new Attack(row, column, AttackKind.Swap);

            if (old is not null && !AreSame(now[column], old[column]))
                yield return new Attack(row, column, AttackKind.OldValue);
        }

        if (old is not null && old.Keys.Any(column => !AreSame(now[column], old[column])))
            yield return new Attack(row, null, AttackKind.OldRow);

        yield return new Attack(row, null, AttackKind.Deleted);
        yield return new Attack(row, null, AttackKind.Inserted);
    }

    /// <summary>Does it.</summary>
    public void Do(Attack attack)
    {
        using Database database = open();
        database.AsOne(() => Do(database, attack));
    }

    private void Do(Database database, Attack attack)
    {
        (AttackedRow row, string? column, AttackKind kind) = attack;
        switch (kind)
        {
            case AttackKind.Edit:
                Damage.Apply(database, row.Table, column!, row.Where, Flip.Low);
                break;

            case AttackKind.Swap:
                Swap(database, row, column!);
                break;

            case AttackKind.OldValue:
                Write(database, row.Table, row.Where, (column!, _before[row.Name][column!]));
                break;

            case AttackKind.OldRow:
                Write(database, row.Table, row.Where, [.. _before[row.Name].Select(value => (value.Key, value.Value))]);
                break;

            case AttackKind.Deleted:
                database.Execute($"DELETE FROM {row.Table} WHERE {row.Where}").Should().Be(1, "{0}", attack);
                break;

            default:
                Dictionary<string, object?> copy = Read(database, row)!;
                foreach ((string name, object? value) in row.Identity)
                    copy[name] = value;

                Insert(database, row.Table, [.. copy.Keys], [.. copy.Values]);
                break;
        }
    }

    /// <summary>Puts the table back as it was, and the journal, which tells of what was noticed.</summary>
    public void Undo(Attack attack)
    {
        using Database database = open();
        database.AsOne(() =>
        {
            foreach (string table in new[] { attack.Row.Table, "audit_events", "audit_streams" }.Distinct())
            {
                (string[] columns, IReadOnlyList<object?[]> rows) = _whole[table];
                database.Execute($"DELETE FROM {table}");
                foreach (object?[] row in rows)
                    Insert(database, table, columns, row);
            }
        });
    }

    private static bool AreSame(object? left, object? right) =>
        left is byte[] one && right is byte[] two ? one.AsSpan().SequenceEqual(two) : Equals(left, right);

    private static Dictionary<string, object?>? Read(Database database, AttackedRow row)
    {
        string[] columns = [.. database.ColumnNames(row.Table)];
        return database.Rows($"SELECT {string.Join(", ", columns)} FROM {row.Table} WHERE {row.Where}") switch
        {
            [] => null,
            [var only] => columns.Zip(only).ToDictionary(pair => pair.First, pair => pair.Second),
            _ => throw new InvalidOperationException($"{row.Where} of {row.Table} is more than one row."),
        };
    }

    // Both are written anew: some columns are unique.
    private static void Swap(Database database, AttackedRow row, string column)
    {
        AttackedRow other = row with { Where = row.Other! };
        string both = $"({row.Where}) OR ({row.Other})";
        Dictionary<string, object?> left = Read(database, row)!;
        Dictionary<string, object?> right = Read(database, other)!;
        (left[column], right[column]) = (right[column], left[column]);
        database.Execute($"DELETE FROM {row.Table} WHERE {both}").Should().Be(2);
        Insert(database, row.Table, [.. left.Keys], [.. left.Values]);
        Insert(database, row.Table, [.. right.Keys], [.. right.Values]);
    }

    private static void Write(Database database, string table, string where, params (string Column, object? Value)[] values) =>
        database.Execute(
            $"UPDATE {table} SET {string.Join(", ", values.Select(value => $"{value.Column} = @{value.Column}"))} WHERE {where}", values)
            .Should().Be(1, "{0}", table);

    private static void Insert(Database database, string table, string[] columns, object?[] values) => database.Execute(
        $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(column => $"@{column}"))})",
        [.. columns.Zip(values)]).Should().Be(1, "{0}", table);
}
