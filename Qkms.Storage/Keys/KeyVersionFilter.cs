using Qkms.Core.Keys;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keys;

/// <summary>
/// The conditions of a list of versions as SQL: only those that are asked for, so that the index of the one that is serves it.
/// </summary>
internal static class KeyVersionFilter
{
    private const string Live =
        "(v.expires_at IS NULL OR v.expires_at > @Now) AND (v.max_usage_limit IS NULL OR COALESCE(u.used, 0) < v.max_usage_limit)";

    private const string Spent = "(v.expires_at <= @Now OR COALESCE(u.used, 0) >= v.max_usage_limit)";

    /// <summary>The WHERE clause over <c>key_versions v</c> and <c>key_usage u</c>.</summary>
    public static string Where(KeyVersionQuery query, SqlDialect dialect, bool before) =>
        "WHERE v.tenant_id = @TenantId AND v.owner_kind = ''"
        + (query.Algorithm is null ? "" : " AND v.algorithm = @Algorithm")
        + (query.Name is null ? "" : " AND v.name = @Name")
        + ScopeFilter.AndWithin(query.Scope, dialect, "v.name")
        + (query.Status is { } status ? $" AND {Has(status)}" : "")
        + (before ? " AND v.id < @Before" : "");

    /// <summary>The algorithm as a further condition of a count, if the query has one.</summary>
    public static string AndAlgorithm(KeyVersionQuery query) => query.Algorithm is null ? "" : " AND algorithm = @Algorithm";

    // KeyVersion.StatusAt in SQL, by the same precedence: destroyed, waiting for it, revoked, expired, retired, active.
    // The numbers are KeyState's.
    private static string Has(KeyStatus status) => status switch
    {
        KeyStatus.Destroyed => "v.state = 4",
        KeyStatus.PendingDestruction => "v.state IN (1, 2, 3) AND v.destroy_at IS NOT NULL",
        KeyStatus.Revoked => "v.state = 3 AND v.destroy_at IS NULL",
        KeyStatus.Expired => $"v.state IN (1, 2) AND v.destroy_at IS NULL AND {Spent}",
        KeyStatus.Retired => $"v.state = 2 AND v.destroy_at IS NULL AND {Live}",
        KeyStatus.Active => $"v.state = 1 AND v.destroy_at IS NULL AND {Live}",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };
}

/// <summary>The parameters of a look-up by address and number, or of a list from a number on.</summary>
internal sealed class KeyVersionParameters(KeyAddress address, int version) : KeyAddressParameters(address)
{
    public int Version { get; } = version;

    public int Limit { get; init; }
}

/// <summary>The parameters of a list or a count; the SQL names those that it needs.</summary>
internal sealed class KeyVersionQueryParameters(KeyVersionQuery query)
{
    public byte[] TenantId { get; } = query.TenantId.Value.ToBytes();

    public string? Algorithm { get; } = query.Algorithm?.Name;

    public string? Name { get; } = query.Name?.Value;

    public long Now { get; } = query.Now.ToStored();

    public byte[]? Before { get; init; }

    public int Limit { get; init; }

    public string ScopeNames { get; } = ScopeFilter.NamesOf(query.Scope);

    public string ScopeFolders { get; } = ScopeFilter.FoldersOf(query.Scope);
}

/// <summary>The parameters of a look-up by address.</summary>
internal class KeyAddressParameters(KeyAddress address)
{
    public byte[] TenantId { get; } = address.TenantId.Value.ToBytes();

    public string OwnerKind { get; } = address.Owner.Kind;

    public string OwnerId { get; } = address.Owner.Id;

    public string Name { get; } = address.Name.Value;

    public string Algorithm { get; } = address.Algorithm.Name;

    public int Use { get; } = (int)address.Use;
}
