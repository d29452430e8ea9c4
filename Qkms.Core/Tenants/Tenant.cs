using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Tenants;

/// <summary>An owner of keys.</summary>
internal sealed record Tenant : ISealedRow
{
    /// <inheritdoc/>
    public static string SealKind => "tenant";

    public required TenantId Id { get; init; }

    /// <summary>Twelve digits, for protocols that name accounts that way.</summary>
    public required string AccountId { get; init; }

    /// <summary>A name for people, unique in the installation.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it may use the service.</summary>
    public required TenantState State { get; init; }

    /// <summary>The plan whose limits hold: <c>free</c>, <c>starter</c>, <c>growth</c>, <c>pro</c>, <c>enterprise</c>.</summary>
    public required string Plan { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What it was before its deletion was ordered; null unless that waits.</summary>
    public TenantState? StateBefore { get; init; }

    /// <summary>When its deletion was ordered.</summary>
    public DateTimeOffset? DeleteOrderedAt { get; init; }

    /// <summary>The tenant of the operator who ordered that; its journal tells of the deletion too.</summary>
    public TenantId? DeleteOrderedBy { get; init; }

    /// <summary>When it is deleted. It stays until the last row of the tenant is gone.</summary>
    public DateTimeOffset? DeleteAt { get; init; }

    /// <summary>When its key was destroyed.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    TenantId ISealedRow.TenantId => Id;

    /// <inheritdoc/>
    public string LogName => $"tenant {Id}";

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer)
    {
        writer.Add(Id.Value).Add(AccountId).Add(Name).Add((int)State).Add(Plan).Add(CreatedAt);

        // Rows of tenants whose deletion nobody ordered have the seals that they had before there was any.
        if (StateBefore is not null || DeleteOrderedAt is not null || DeleteOrderedBy is not null || DeleteAt is not null
            || DeletedAt is not null)
            writer.Add("deletion")
                .Add((long?)StateBefore).Add(DeleteOrderedAt).Add(DeleteOrderedBy?.Value).Add(DeleteAt).Add(DeletedAt);
    }
}

/// <summary>Whether a tenant may use the service. The numbers are sealed into rows and never change.</summary>
internal enum TenantState
{
    /// <summary>It may.</summary>
    Active = 1,

    /// <summary>It may not, until an operator says otherwise; nothing of it is lost.</summary>
    Suspended = 2,

    /// <summary>It may not, and is deleted on a date unless an operator calls that off.</summary>
    PendingDeletion = 3,

    /// <summary>Its key is destroyed, and its rows are gone or are going; only this row stays.</summary>
    Deleted = 4,
}
