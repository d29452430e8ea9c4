using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Tenants;

/// <summary>Requests and answers about tenants, as JSON.</summary>
[JsonSerializable(typeof(CreateTenantRequest))]
[JsonSerializable(typeof(UpdateTenantRequest))]
[JsonSerializable(typeof(TenantActionRequest))]
[JsonSerializable(typeof(DeleteTenantRequest))]
[JsonSerializable(typeof(Envelope<TenantResponse>))]
[JsonSerializable(typeof(Envelope<CreatedTenantResponse>))]
[JsonSerializable(typeof(Envelope<TenantListResponse>))]
internal sealed partial class TenantJson : JsonSerializerContext;
