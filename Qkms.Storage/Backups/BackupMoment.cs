using System.Data.Common;
using Dapper;
using Qkms.Core.Backups;

namespace Qkms.Storage.Backups;

/// <summary>
/// Reads a backup's tables over one connection, whose transaction sees one moment. The databases differ in how they describe columns.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="storage">The kind of database, for the manifest.</param>
/// <param name="selectColumns">Gives name, type and place in the primary key (0 for none) of each column of @Table.</param>
/// <param name="orderOfTexts">What orders texts by their bytes.</param>
/// <param name="cancellationToken">Ends the read.</param>
internal sealed class BackupMoment(
    DbConnection connection, string storage, string selectColumns, string orderOfTexts, CancellationToken cancellationToken) : IBackupMoment
{
    // A sort of a large table gives its first row late.
    private const int NoTimeout = 0;

    /// <inheritdoc/>
    public IReadOnlyList<string> Tables => BackupTables.All;

    private const string SelectInstallation =
        """
        SELECT (SELECT COUNT(*) FROM schema_migrations) AS schema, i.installation_id AS InstallationId,
          (SELECT COALESCE(MAX(number), 0) FROM epochs) AS epoch
        FROM installation i
        """;

    private const string SelectRootKeyIds = "SELECT DISTINCT root_key_id FROM root_wrappers ORDER BY root_key_id";

    private const string SelectHeads =
        """
        SELECT tenant_id AS TenantId, stream, next_position AS NextPosition, head_hash AS HeadHash
        FROM audit_streams
        ORDER BY tenant_id, stream
        """;

    /// <inheritdoc/>
    public async Task<BackupFacts> FactsAsync()
    {
        InstallationRow installation = await connection.QuerySingleAsync<InstallationRow>(Command(SelectInstallation));
        return new BackupFacts(
            storage,
            (int)installation.Schema,
            new Guid(installation.InstallationId, bigEndian: true),
            installation.Epoch,
            [.. await connection.QueryAsync<string>(Command(SelectRootKeyIds))],
            [.. (await connection.QueryAsync<HeadRow>(Command(SelectHeads))).Select(head => head.ToHead())]);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BackupColumn>> ColumnsAsync(string table) =>
        [.. (await ReadColumnsAsync(table)).OrderBy(column => column.Name, StringComparer.Ordinal).Select(column => column.ToColumn())];

    /// <inheritdoc/>
    public async Task ReadAsync(string table, IReadOnlyList<BackupColumn> columns, Action<object?[]> write)
    {
        string[] key =
        [
            .. (await ReadColumnsAsync(table)).Where(column => column.Place > 0).OrderBy(column => column.Place)
                .Select(column => $"\"{column.Name}\"{(column.ToColumn().Kind == BackupColumnKind.Text ? orderOfTexts : "")}"),
        ];
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT {Names(columns)} FROM \"{table}\" ORDER BY {string.Join(", ", key)}";
        command.CommandTimeout = NoTimeout;
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        object?[] row = new object?[columns.Count];
        while (await reader.ReadAsync(cancellationToken))
        {
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = reader.GetValue(i) switch
                {
                    DBNull => null,
                    int number => (long)number,
                    short number => (long)number,
                    object value => value,
                };
            }

            write(row);
        }
    }

    /// <summary>The names of columns, for a statement.</summary>
    internal static string Names(IEnumerable<BackupColumn> columns) => string.Join(", ", columns.Select(column => $"\"{column.Name}\""));

    private async Task<List<StoredColumn>> ReadColumnsAsync(string table) =>
        (await connection.QueryAsync<StoredColumn>(Command(selectColumns, new { Table = table }))).AsList();

    private CommandDefinition Command(string sql, object? parameters = null) =>
        new(sql, parameters, commandTimeout: NoTimeout, cancellationToken: cancellationToken);

    private sealed class InstallationRow
    {
        public long Schema { get; init; }

        public byte[] InstallationId { get; init; } = [];

        public long Epoch { get; init; }
    }

    private sealed class HeadRow
    {
        public byte[] TenantId { get; init; } = [];

        public long Stream { get; init; }

        public long NextPosition { get; init; }

        public byte[] HeadHash { get; init; } = [];

        public JournalHead ToHead() => new(new Guid(TenantId, bigEndian: true), Stream, NextPosition, HeadHash);
    }
}

/// <summary>A column as the database describes it.</summary>
internal sealed class StoredColumn
{
    public string Name { get; init; } = "";

    public string Type { get; init; } = "";

    public long Place { get; init; }

    /// <summary>The column as a backup has it.</summary>
    public BackupColumn ToColumn() => new(Name, Type.ToUpperInvariant() switch
    {
        "INTEGER" or "BIGINT" or "SMALLINT" => BackupColumnKind.Integer,
        "TEXT" => BackupColumnKind.Text,
        "BLOB" or "BYTEA" => BackupColumnKind.Blob,
        _ => throw new InvalidOperationException($"Column {Name} has type {Type}, which no backup knows."),
    });
}
