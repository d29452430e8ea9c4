using Qkms.Core.Idempotency;
using Qkms.Core.Sealing;
using Qkms.Core.Tenants;

namespace Qkms.Core.Administration;

/// <summary>What an operator is told of a tenant.</summary>
internal sealed record TenantInfo : IKeepable<TenantInfo>
{
    public required TenantId Id { get; init; }

    /// <summary>Twelve digits, for protocols that name accounts that way.</summary>
    public required string AccountId { get; init; }

    /// <summary>A name for people, unique in the installation.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it may use the service.</summary>
    public required TenantState State { get; init; }

    /// <summary>The plan whose limits hold.</summary>
    public required string Plan { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is deleted; null unless that was ordered and is not done.</summary>
    public DateTimeOffset? DeleteAt { get; init; }

    /// <summary>When its key was destroyed.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>What is told of a tenant.</summary>
    public static TenantInfo Of(Tenant tenant) => new()
    {
        Id = tenant.Id,
        AccountId = tenant.AccountId,
        Name = tenant.Name,
        State = tenant.State,
        Plan = tenant.Plan,
        CreatedAt = tenant.CreatedAt,
        DeleteAt = tenant.DeleteAt,
        DeletedAt = tenant.DeletedAt,
    };

    /// <inheritdoc/>
    public void WriteTo(CanonicalWriter record) =>
        record.Add(Id.Value).Add(AccountId).Add(Name).Add((long)State).Add(Plan).Add(CreatedAt).Add(DeleteAt).Add(DeletedAt);

    /// <inheritdoc/>
    public static TenantInfo ReadFrom(ref CanonicalReader record) => new()
    {
        Id = new TenantId(record.ReadId()),
        AccountId = record.ReadText(),
        Name = record.ReadText(),
        State = (TenantState)record.ReadNumber(),
        Plan = record.ReadText(),
        CreatedAt = record.ReadTime(),
        DeleteAt = record.ReadOptionalTime(),
        DeletedAt = record.ReadOptionalTime(),
    };
}

/// <summary>A tenant that was made, with its first API key.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="ApiKey">The API key; its text is for the caller to dispose of.</param>
internal sealed record NewTenantResult(TenantInfo Tenant, NewApiKeyResult ApiKey) : IKeepable<NewTenantResult>
{
    /// <inheritdoc/>
    public void WriteTo(CanonicalWriter record)
    {
        Tenant.WriteTo(record);
        ApiKey.WriteTo(record);
    }

    /// <inheritdoc/>
    public static NewTenantResult ReadFrom(ref CanonicalReader record) =>
        new(TenantInfo.ReadFrom(ref record), NewApiKeyResult.ReadFrom(ref record));
}

/// <summary>One page of tenants.</summary>
/// <param name="Tenants">The tenants, newest first.</param>
/// <param name="Unreadable">Those of the page whose row's seal does not hold.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
internal sealed record TenantPage(IReadOnlyList<TenantInfo> Tenants, IReadOnlyList<TenantId> Unreadable, string? NextCursor);
