using System.Security.Cryptography;
using Qkms.Core.ApiKeys;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Installation;

/// <summary>
/// The seals of the builds before format 2, to be checked once while their database is taken over: format 1 ‖ HMAC-SHA-256
/// (RFC 2104) over format, the table's word and the columns that decided something. Two columns that came later stand at the end, and
/// only where they say something.
/// </summary>
internal static class FormerSeals
{
    private const byte Format = 1;

    public static bool Holds(WrappingKey key, Sealed<Tenant> stored)
    {
        Tenant row = stored.UnverifiedRow;
        return Holds(key, stored, new CanonicalWriter(Format).Add(Tenant.SealKind)
            .Add(row.Id.Value).Add(row.AccountId).Add(row.Name).Add((int)row.State).Add(row.Plan).Add(row.CreatedAt));
    }

    public static bool Holds(WrappingKey key, Sealed<Credential> stored)
    {
        Credential row = stored.UnverifiedRow;
        return Holds(key, stored, new CanonicalWriter(Format).Add(Credential.SealKind)
            .Add(row.Id.Value).Add(row.TenantId.Value).Add(row.Kind).Add(row.LookupId).Add(row.Verifier).Add(row.HashKeyId)
            .Add((long)row.Roles).Add(row.Permissions).Add(row.KeyScope).Add((long)row.State)
            .Add(row.CreatedAt).Add(row.ExpiresAt).Add(row.GraceUntil).Add(row.SuccessorId?.Value));
    }

    public static bool Holds(WrappingKey key, Sealed<Key> stored)
    {
        Key row = stored.UnverifiedRow;
        CanonicalWriter columns = new CanonicalWriter(Format).Add(Key.SealKind)
            .Add(row.Id.Value).Add(row.TenantId.Value)
            .Add(row.Address.Owner.Kind).Add(row.Address.Owner.Id).Add(row.Address.Name.Value).Add(row.Address.Algorithm.Name)
            .Add((long)row.Address.Use)
            .Add(row.Origin).Add((long)row.Enablement).Add(row.DeleteAt)
            .Add((long?)row.RotationPeriod?.TotalMilliseconds).Add(row.NextRotationAt)
            .Add((long)row.NextVersion).Add(row.ActiveKid?.Value).Add((long)row.VersionCount).Add(row.RowVersion).Add(row.CreatedAt);
        if (row.DestroyedCount != 0)
            columns.Add((long)row.DestroyedCount);

        return Holds(key, stored, columns);
    }

    public static bool Holds(WrappingKey key, Sealed<KeyVersion> stored)
    {
        KeyVersion row = stored.UnverifiedRow;
        CanonicalWriter columns = new CanonicalWriter(Format).Add(KeyVersion.SealKind)
            .Add(row.Id.Value).Add(row.KeyId.Value).Add(row.TenantId.Value)
            .Add(row.Address.Owner.Kind).Add(row.Address.Owner.Id).Add(row.Address.Name.Value).Add(row.Algorithm.Name).Add((long)row.Use)
            .Add(row.Kid.Value).Add((long)row.Version).Add(row.Spelling).Add((long)row.State).Add(row.OaepHash).Add(row.PublicKey)
            .Add(row.SoftUsageLimit).Add(row.MaxUsageLimit).Add(row.SoftLimitExpiration).Add(row.ExpiresAt).Add(row.ProcessUntil)
            .Add(row.AutoRotate)
            .Add(row.PreviousKid?.Value).Add(row.NextKid?.Value)
            .Add(row.CreatedAt).Add(row.RetiredAt).Add(row.RevokedAt).Add(row.DestroyedAt);
        if (row.DestroyAt is { } destroyAt)
            columns.Add(destroyAt);

        return Holds(key, stored, columns);
    }

    private static bool Holds<T>(WrappingKey key, Sealed<T> stored, CanonicalWriter columns)
        where T : class, ISealedRow
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key.Secret.Span, columns.Written, expected);
        return stored.Seal is [Format, .. byte[] mac] && CryptographicOperations.FixedTimeEquals(mac, expected);
    }
}
