using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>Which versions of a tenant's own keys to list.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Algorithm">Only this algorithm; null = all.</param>
/// <param name="Name">Only this name; null = all.</param>
/// <param name="Status">Only this status; null = all.</param>
/// <param name="Now">The moment that decides which versions are expired.</param>
public sealed record KeyVersionQuery(TenantId TenantId, KeyAlgorithm? Algorithm, KeyName? Name, KeyStatus? Status, DateTimeOffset Now);
