using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Storage.Rows;

namespace Qkms.Storage.ApiKeys;

/// <summary>A row of <c>credentials</c>.</summary>
internal class CredentialRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns =
        """
        id, tenant_id, kind, lookup_id, verifier, sealed_secret, hash_key_id, label, roles, permissions, key_scope, state,
        created_at, expires_at, grace_until, successor_id, seal, seal_key_id
        """;

    public byte[] Id { get; init; } = [];

    public byte[] TenantId { get; init; } = [];

    public string Kind { get; init; } = "";

    public string LookupId { get; init; } = "";

    public byte[]? Verifier { get; init; }

    public byte[]? SealedSecret { get; init; }

    public byte[]? HashKeyId { get; init; }

    public string Label { get; init; } = "";

    public long Roles { get; init; }

    public string? Permissions { get; init; }

    public string? KeyScope { get; init; }

    public long State { get; init; }

    public long CreatedAt { get; init; }

    public long? ExpiresAt { get; init; }

    public long? GraceUntil { get; init; }

    public byte[]? SuccessorId { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[]? SealKeyId { get; init; }

    public static CredentialRow From(Sealed<Credential> stored)
    {
        Credential credential = stored.UnverifiedRow;
        return new CredentialRow
        {
            Id = credential.Id.Value.ToBytes(),
            TenantId = credential.TenantId.Value.ToBytes(),
            Kind = credential.Kind,
            LookupId = credential.LookupId,
            Verifier = credential.Verifier,
            SealedSecret = credential.SealedSecret,
            HashKeyId = credential.HashKeyId?.ToBytes(),
            Label = credential.Label,
            Roles = (int)credential.Roles,
            Permissions = credential.Permissions,
            KeyScope = credential.KeyScope,
            State = (int)credential.State,
            CreatedAt = credential.CreatedAt.ToStored(),
            ExpiresAt = credential.ExpiresAt.ToStored(),
            GraceUntil = credential.GraceUntil.ToStored(),
            SuccessorId = credential.SuccessorId?.Value.ToBytes(),
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<Credential> ToSealed()
    {
        StoredRowReader read = new();
        Credential credential = new()
        {
            Id = new CredentialId(read.Id(Id)),
            TenantId = new TenantId(read.Id(TenantId)),
            Kind = Kind,
            LookupId = LookupId,
            Verifier = Verifier,
            SealedSecret = SealedSecret,
            HashKeyId = read.OptionalId(HashKeyId),
            Label = Label,
            Roles = (Roles)read.Number(Roles),
            Permissions = Permissions,
            KeyScope = KeyScope,
            State = (CredentialState)read.Number(State),
            CreatedAt = read.Time(CreatedAt),
            ExpiresAt = read.OptionalTime(ExpiresAt),
            GraceUntil = read.OptionalTime(GraceUntil),
            SuccessorId = read.OptionalId(SuccessorId) is { } successor ? new CredentialId(successor) : null,
        };
        return read.Seal(credential, Seal, SealKeyId);
    }
}

/// <summary>The same, with its last use. That is not sealed, and a number that is no time hides no row.</summary>
internal sealed class CredentialUseRow : CredentialRow
{
    public long? LastUsedAt { get; init; }
}
