using Qkms.Core.Tenants;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Tenants;

/// <summary>A row of <c>tenants</c>.</summary>
internal sealed class TenantRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns =
        "id, account_id, name, state, plan, created_at, state_before, delete_ordered_at, delete_ordered_by, delete_at, deleted_at, "
        + "seal, seal_key_id";

    public byte[] Id { get; init; } = [];

    public string AccountId { get; init; } = "";

    public string Name { get; init; } = "";

    public long State { get; init; }

    public string Plan { get; init; } = "";

    public long CreatedAt { get; init; }

    public long? StateBefore { get; init; }

    public long? DeleteOrderedAt { get; init; }

    public byte[]? DeleteOrderedBy { get; init; }

    public long? DeleteAt { get; init; }

    public long? DeletedAt { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[]? SealKeyId { get; init; }

    public static TenantRow From(Sealed<Tenant> stored)
    {
        Tenant tenant = stored.UnverifiedRow;
        return new TenantRow
        {
            Id = tenant.Id.Value.ToBytes(),
            AccountId = tenant.AccountId,
            Name = tenant.Name,
            State = (int)tenant.State,
            Plan = tenant.Plan,
            CreatedAt = tenant.CreatedAt.ToStored(),
            StateBefore = (long?)tenant.StateBefore,
            DeleteOrderedAt = tenant.DeleteOrderedAt?.ToStored(),
            DeleteOrderedBy = tenant.DeleteOrderedBy?.Value.ToBytes(),
            DeleteAt = tenant.DeleteAt?.ToStored(),
            DeletedAt = tenant.DeletedAt?.ToStored(),
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<Tenant> ToSealed()
    {
        StoredRowReader read = new();
        Tenant tenant = new()
        {
            Id = new TenantId(read.Id(Id)),
            AccountId = AccountId,
            Name = Name,
            State = (TenantState)read.Number(State),
            Plan = Plan,
            CreatedAt = read.Time(CreatedAt),
            StateBefore = StateBefore is { } before ? (TenantState)read.Number(before) : null,
            DeleteOrderedAt = read.OptionalTime(DeleteOrderedAt),
            DeleteOrderedBy = read.OptionalId(DeleteOrderedBy) is { } by ? new TenantId(by) : null,
            DeleteAt = read.OptionalTime(DeleteAt),
            DeletedAt = read.OptionalTime(DeletedAt),
        };
        return read.Seal(tenant, Seal, SealKeyId);
    }
}
