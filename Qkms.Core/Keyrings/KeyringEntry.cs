namespace Qkms.Core.Keyrings;

/// <summary>A key of the keyring as the database holds it: wrapped by the master key.</summary>
/// <param name="Id">The id; part of everything the key seals.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="TenantId">Whose it is, for <see cref="KeyringKind.Tenant"/>; else null.</param>
/// <param name="Version">1, 2, 3 … per kind and tenant; the highest is used for new work.</param>
/// <param name="MasterKeyId">The master key that wraps it.</param>
/// <param name="State">What it is used for now.</param>
/// <param name="Wrapped">The sealed 32 bytes.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record KeyringEntry(
    Guid Id,
    KeyringKind Kind,
    TenantId? TenantId,
    int Version,
    Guid MasterKeyId,
    KeyringState State,
    byte[] Wrapped,
    DateTimeOffset CreatedAt);
