using Qkms.Storage.Postgres;
using Qkms.Storage.Sessions;

namespace Qkms.Tests.Storage;

/// <summary>A-40: the moment of a PostgreSQL database at which <c>qkms verify</c> looks.</summary>
public sealed class PostgresSnapshotTests
{
    /// <summary>A-40: a verification that a pager makes stand still is not ended like a node that lost its power.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task It_outlives_a_pause_of_who_reads_it()
    {
        using PostgresDatabase database = PostgresServer.CreateMigrated();
        PostgresSnapshot snapshot = new(new PostgresStorageOptions { ConnectionString = database.ConnectionString });

        string? limit = await snapshot.ReadAsync(
            session => session.Sql.FindAsync<string>(
                "SELECT current_setting(@Name)", new { Name = "idle_in_transaction_session_timeout" }),
            CancellationToken.None);

        limit.Should().Be("10min");
    }
}
