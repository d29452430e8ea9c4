using System.Diagnostics;
using Npgsql;
using Qkms.Storage.Migrations;

namespace Qkms.Storage.Postgres;

/// <summary>
/// Whether the schema is the one that the migrations made: once a minute, and at the first connection to a server that this node has not
/// met before, or not as the process that it is now.
/// </summary>
/// <param name="migrations">How many this release has.</param>
/// <param name="onLook">Told what <see cref="CheckAsync"/> found: a difference, or null.</param>
internal sealed class PostgresSchemaCheck(int migrations, Action<string?> onLook)
{
    // A look takes some milliseconds of a server; where connections break one after the other, one for all of them is enough.
    private static readonly TimeSpan _enough = TimeSpan.FromMinutes(1);

    private readonly Schema? _expected = PostgresSchema.After(migrations);
    private volatile Look? _last;

    /// <summary>Checks the schema behind a fresh connection, unless that was just done.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="server">What tells this server, started when it was, from every other.</param>
    /// <exception cref="StoreUnusableException">The schema is not ours.</exception>
    public async Task CheckAsync(NpgsqlConnection connection, string server)
    {
        if (_last is { Difference: null } last && last.Server == server && Stopwatch.GetElapsedTime(last.At) < _enough)
            return;

        string? difference = await FindDifferenceAsync(connection, server);
        onLook(difference);
        if (difference is not null)
            throw Schema.Refusal(difference);
    }

    /// <summary>What is too many, missing or different now, or null.</summary>
    public async Task<string?> FindDifferenceAsync(NpgsqlConnection connection, string server)
    {
        string? difference = await LookAsync(connection);

        // The catalogue is read while another node may be changing it: only what stays so counts.
        if (difference is not null)
            difference = await LookAsync(connection);

        _last = new Look(server, Stopwatch.GetTimestamp(), difference);
        return difference;
    }

    private async Task<string?> LookAsync(NpgsqlConnection connection)
    {
        (IReadOnlyList<AppliedMigration> applied, Schema found) = await PostgresSchema.ReadAsync(connection, CancellationToken.None);
        if (_expected is not { } expected)
            return null;

        // A node of a newer release may have added to the schema; no release adds what acts by itself.
        return applied.Count > migrations
            ? found.Acting().DifferenceFrom(expected.Acting())
            : found.DifferenceFrom(expected);
    }

    private sealed record Look(string Server, long At, string? Difference);
}
