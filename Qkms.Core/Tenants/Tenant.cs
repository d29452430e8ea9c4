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

    TenantId ISealedRow.TenantId => Id;

    /// <inheritdoc/>
    public string LogName => $"tenant {Id}";

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) => writer
        .Add(Id.Value).Add(AccountId).Add(Name).Add((int)State).Add(Plan).Add(CreatedAt);
}

/// <summary>Whether a tenant may use the service. The numbers are sealed into rows and never change.</summary>
internal enum TenantState
{
    /// <summary>It may.</summary>
    Active = 1,

    /// <summary>It may not, until an operator says otherwise; nothing of it is lost.</summary>
    Suspended = 2,
}
