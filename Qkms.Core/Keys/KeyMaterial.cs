using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>The wrapped private key of one version, in a table of its own: destroying a key is one delete, and lists stay narrow.</summary>
/// <param name="VersionId">The key version.</param>
/// <param name="TenantId">Its tenant.</param>
/// <param name="WrappingKeyId">The tenant key that wraps it.</param>
/// <param name="Format">The encoding inside.</param>
/// <param name="Wrapped">The sealed private key.</param>
public sealed record KeyMaterial(KeyVersionId VersionId, TenantId TenantId, Guid WrappingKeyId, MaterialFormat Format, byte[] Wrapped);
