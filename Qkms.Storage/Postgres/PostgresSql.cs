namespace Qkms.Storage.Postgres;

/// <summary>Pieces of SQL that several statements share.</summary>
internal static class PostgresSql
{
    /// <summary>UTC milliseconds by the server's clock: the ages of rows of several nodes are compared, and their clocks differ.</summary>
    public const string Now = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";
}
