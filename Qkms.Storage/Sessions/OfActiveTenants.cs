namespace Qkms.Storage.Sessions;

/// <summary>
/// Leaves out rows of tenants that may not use the service. Nothing is checked of those: who does the work looks again, at the sealed row.
/// A row without a tenant stays, for the alarm.
/// </summary>
internal static class OfActiveTenants
{
    /// <summary>A condition on <c>tenant_id</c> of a table.</summary>
    /// <param name="table">How the statement names the table.</param>
    public static string In(string table) => $"NOT EXISTS (SELECT 1 FROM tenants t WHERE t.id = {table}.tenant_id AND t.state <> 1)";
}
