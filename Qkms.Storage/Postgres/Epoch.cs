using System.Globalization;

namespace Qkms.Storage.Postgres;

/// <summary>A row of <c>epochs</c>: one stretch of the installation's history.</summary>
/// <param name="Number">Its place in the history, from 1.</param>
/// <param name="Id">What tells it from another epoch of this number in a database that went another way.</param>
internal sealed record Epoch(long Number, Guid Id)
{
    /// <summary>As <see cref="Parse"/> reads it: <c>3 01a218d7-b5b2-7001-bda2-ab5ef56d18b0</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number} {Id}");

    /// <summary>Null when the text is none.</summary>
    public static Epoch? Parse(string text)
    {
        string[] words = text.TrimEnd().Split(' ');
        return words.Length == 2
            && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number > 0
            && Guid.TryParseExact(words[1], "D", out Guid id)
            ? new Epoch(number, id)
            : null;
    }
}

/// <summary>
/// One timeline of one cluster. A promotion begins a new timeline of the same cluster, with a higher number
/// (https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES).
/// </summary>
/// <param name="System">The cluster's system identifier, which its standbys share.</param>
/// <param name="Number">The timeline, from 1.</param>
internal sealed record ServerTimeline(long System, long Number)
{
    /// <summary>SQL: the cluster's identifier. Every role may ask.</summary>
    public const string SystemSql = "(SELECT system_identifier FROM pg_control_system())";

    /// <summary>
    /// SQL: the timeline that the server writes to; null on a standby. From the name of the log file, because the control file that
    /// pg_control_checkpoint() shows still has the old one until the first checkpoint after a promotion.
    /// </summary>
    public const string NumberSql =
        "CASE WHEN pg_is_in_recovery() THEN NULL "
        + "ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number} of system {System}");
}
