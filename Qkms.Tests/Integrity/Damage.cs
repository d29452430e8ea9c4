namespace Qkms.Tests.Integrity;

/// <summary>Which bit of a stored value turns.</summary>
public enum Flip
{
    /// <summary>A low bit, so that the value stays a plausible one.</summary>
    Low,

    /// <summary>The highest that the column can hold, so that it is none that the service writes.</summary>
    High,
}

/// <summary>Turns one bit of one column of one row, whatever its type; where nothing is stored, something is.</summary>
internal static class Damage
{
    // Bit 4: no number of ours becomes another one of ours by it.
    private const long LowBit = 1L << 4;

    public static void Apply(Database database, string table, string column, string where, Flip flip)
    {
        object? stored = database.Scalar($"SELECT {column} FROM {table} WHERE {where}");
        (string expression, object value) = stored switch
        {
            byte[] bytes => ("@Value", Turn(bytes, flip)),
            long number => ("@Value", flip == Flip.Low ? TurnLow(database, table, column, number) : TurnHigh(number)),
            string text when !TestStorage.IsPostgres => ("CAST(@Value AS TEXT)", Turn(Encoding.UTF8.GetBytes(text), flip)),

            // PostgreSQL takes no bytes that are no text.
            string text => ("@Value", text.Length == 0 ? "x" : Encoding.UTF8.GetString(Turn(Encoding.UTF8.GetBytes(text), Flip.Low))),
            _ => ("@Value", Invent(database, table, column)),
        };
        database.Execute($"UPDATE {table} SET {column} = {expression} WHERE {where}", ("Value", value))
            .Should().Be(1, "{0}.{1}", table, column);
    }

    /// <summary>Adds a row to a table, with something in every column: no row that the service could have written.</summary>
    public static void InventRow(Database database, string table)
    {
        IReadOnlyList<string> columns = database.ColumnNames(table);
        database.Execute(
            $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(column => $"@{column}"))})",
            [.. columns.Select(column => (column, (object?)Invent(database, table, column)))]).Should().Be(1, table);
    }

    private static byte[] Turn(byte[] bytes, Flip flip)
    {
        if (bytes.Length == 0)
            return [1];

        byte[] turned = [.. bytes];
        turned[flip == Flip.Low ? 0 : ^1] ^= (byte)(flip == Flip.Low ? 1 : 0x80);
        return turned;
    }

    // The lowest bit by which the value becomes that of no other row: that would be an exchange, and where values are unique none at all.
    private static long TurnLow(Database database, string table, string column, long number)
    {
        long bit = LowBit;
        while (database.Scalar($"SELECT COUNT(*) FROM {table} WHERE {column} = {number ^ bit}") is not 0L)
            bit <<= 1;

        return number ^ bit;
    }

    // 32 bits on PostgreSQL for what is counted or enumerated.
    private static long TurnHigh(long number) =>
        TestStorage.IsPostgres && number < int.MaxValue ? number ^ (1L << 30) : number ^ (1L << 62);

    private static object Invent(Database database, string table, string column)
    {
        string declared = TestStorage.IsPostgres
            ? (string)database.Scalar(
                $"SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = '{column}'")!
            : (string)database.Scalar($"SELECT type FROM pragma_table_info('{table}') WHERE name = '{column}'")!;
        return declared.ToUpperInvariant() switch
        {
            "BLOB" or "BYTEA" => Enumerable.Repeat((byte)1, 16).ToArray(),
            "TEXT" => "x",
            _ => LowBit,
        };
    }
}
