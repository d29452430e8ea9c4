using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>What makes a logical key unique: tenant, owner, name, algorithm and use.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Owner">Whose key of the tenant it is.</param>
/// <param name="Name">The name.</param>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Use">The use.</param>
public sealed record KeyAddress(TenantId TenantId, KeyOwner Owner, KeyName Name, KeyAlgorithm Algorithm, KeyUse Use);
