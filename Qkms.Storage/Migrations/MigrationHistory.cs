using Qkms.Core.Time;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Migrations;

/// <summary>What was applied to a database beside what this release has; the same on every database.</summary>
/// <param name="known">The scripts of this release in their order.</param>
/// <param name="time">The clock that dates what is applied.</param>
internal sealed class MigrationHistory(IReadOnlyList<Migration> known, TimeProvider time)
{
    /// <summary>Reads <see cref="AppliedMigration"/>s.</summary>
    public const string SelectApplied = "SELECT number, name, sha256 FROM schema_migrations ORDER BY number";

    /// <summary>Takes <see cref="RowOf"/>.</summary>
    public const string InsertApplied =
        "INSERT INTO schema_migrations (number, name, sha256, applied_at) VALUES (@Number, @Name, @Hash, @AppliedAt)";

    /// <summary>Takes <see cref="NewInstallation"/>; leaves one that is there alone.</summary>
    public const string InsertInstallation =
        """
        INSERT INTO installation (only_row, installation_id, created_at)
        VALUES (1, @InstallationId, @CreatedAt)
        ON CONFLICT DO NOTHING
        """;

    /// <summary>The scripts that are still to be applied.</summary>
    /// <exception cref="StoreUnusableException">What was applied is not the beginning of what this release has.</exception>
    public IEnumerable<Migration> Missing(IReadOnlyList<AppliedMigration> applied)
    {
        if (applied.Count > known.Count)
            throw new StoreUnusableException(
                $"The database was written by a newer release of Qkms: it has migration {applied[^1].Name}, which this release does not "
                + "know. Start that release, or restore a backup from before it.");

        foreach ((AppliedMigration row, Migration script) in applied.Zip(known))
        {
            if (row.Number != script.Number || row.Name != script.Name || !row.Sha256.AsSpan().SequenceEqual(script.Hash))
                throw new StoreUnusableException(
                    $"Migration {row.Name} was applied to this database in another form than this release has it ({script.Name}): the "
                    + "schema is not the one that this release expects.");
        }

        return known.Skip(applied.Count);
    }

    /// <summary>The row that says that a script was applied now.</summary>
    public object RowOf(Migration migration) =>
        new { migration.Number, migration.Name, migration.Hash, AppliedAt = time.GetUtcNow().ToStored() };

    /// <summary>The row of a new installation.</summary>
    public object NewInstallation() =>
        new { InstallationId = new IdGenerator(time).Next().ToBytes(), CreatedAt = time.GetUtcNow().ToStored() };
}

/// <summary>A row of <c>schema_migrations</c>.</summary>
internal sealed class AppliedMigration
{
    public int Number { get; init; }

    public string Name { get; init; } = "";

    public byte[] Sha256 { get; init; } = [];
}
