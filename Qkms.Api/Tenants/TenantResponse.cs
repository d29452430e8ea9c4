using System.ComponentModel;
using Qkms.Api.ApiKeys;
using Qkms.Core.Administration;

namespace Qkms.Api.Tenants;

internal record TenantResponse(
    [property: Field(Example = "0198f5c2-7d1a-71c5-8d0e-3b94f6a2e817"), Description("Id of the tenant.")] Guid TenantId,
    [property: Field(Pattern = "^[0-9]{12}$", MinLength = 12, MaxLength = 12, Example = "493820175566")]
    [property: Description("Twelve digits, for protocols that name accounts that way.")]
    string AccountId,
    [property: TenantNameField, Description("A name for people, unique in the installation.")] string Name,
    [property: PlanField, Description("The plan whose limits hold.")] string Plan,
    [property: TenantStateField, Description("Whether it may use the service.")] string State,
    [property: Field(Example = Examples.Time), Description("When it was made.")] DateTimeOffset CreatedAt,
    [property: Field(Example = Examples.Time), Description("When it is deleted; null unless that is scheduled or not finished.")]
    DateTimeOffset? DeleteAt,
    [property: Field(Example = Examples.Time), Description("When its key was destroyed; null unless it is deleted.")]
    DateTimeOffset? DeletedAt)
{
    public static TenantResponse From(TenantInfo info) => new(
        info.Id.Value,
        info.AccountId,
        info.Name,
        info.Plan,
        TenantStateFieldAttribute.WordOf(info.State),
        info.CreatedAt,
        info.DeleteAt,
        info.DeletedAt);
}

internal sealed record CreatedTenantResponse : TenantResponse, IDisposable
{
    public CreatedTenantResponse(NewTenantResult made, DateTimeOffset now)
        : base(From(made.Tenant)) => InitialApiKey = new CreatedApiKeyResponse(made.ApiKey, now);

    [Description("Its first API key, with the role admin.")]
    public CreatedApiKeyResponse InitialApiKey { get; }

    /// <summary>Zeroes the API key.</summary>
    public void Dispose() => InitialApiKey.Dispose();
}
