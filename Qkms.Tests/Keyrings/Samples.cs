using Qkms.Core.ApiKeys;
using Qkms.Core.Journal;
using Qkms.Core.Sealing;
using Qkms.Core.Tenants;

namespace Qkms.Tests.Keyrings;

/// <summary>Rows in which every column has a value, and keys that are known.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeMilliseconds(1767225600000);

    public static KeyAddress Address { get; } = new(
        new TenantId(Id(1)), new KeyOwner("device", "d1"), KeyName.FromStored("payments/card"), Algorithm("ML-KEM-768"), KeyUse.Encryption);

    public static Tenant Tenant { get; } = new()
    {
        Id = new TenantId(new Guid("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f507")),
        AccountId = "123456789012",
        Name = "Zürich",
        State = TenantState.Active,
        Plan = "pro",
        CreatedAt = Time,
    };

    public static Key Key { get; } = new()
    {
        Id = new KeyId(Id(2)),
        Address = Address,
        Origin = "qkms",
        Enablement = KeyEnablement.Enabled,
        DeleteAt = Time,
        Description = "for people",
        RotationPeriod = TimeSpan.FromDays(90),
        NextRotationAt = Time,
        NextVersion = 3,
        ActiveKid = Kid.FromStored("kid-2"),
        VersionCount = 2,
        DestroyedCount = 1,
        States = new VersionStates("1d3 1a2"),
        RowVersion = 5,
        CreatedAt = Time,
    };

    public static KeyVersion Version { get; } = new()
    {
        Id = new KeyVersionId(Id(3)),
        KeyId = new KeyId(Id(2)),
        Address = Address,
        Kid = Kid.FromStored("kid-2"),
        Version = 2,
        Spelling = "Kyber768",
        State = KeyState.Active,
        OaepHash = "SHA-256",
        PublicKey = [1, 2, 3],
        SoftUsageLimit = 10,
        MaxUsageLimit = 20,
        SoftLimitExpiration = Time,
        ExpiresAt = Time,
        ProcessUntil = Time,
        AutoRotate = true,
        PreviousKid = Kid.FromStored("kid-1"),
        NextKid = Kid.FromStored("kid-3"),
        CreatedAt = Time,
        RetiredAt = Time,
        RevokedAt = Time,
        DestroyedAt = Time,
        DestroyAt = Time,
        DestroyOrderedAt = Time,
        RowVersion = 2,
        Used = 7,
    };

    public static Credential Credential { get; } = new()
    {
        Id = new CredentialId(Id(4)),
        TenantId = new TenantId(Id(1)),
        Kind = Credential.ApiKeyKind,
        LookupId = "abcdefghijkl",
        Verifier = [4, 5, 6],
        SealedSecret = [7, 8, 9],
        HashKeyId = Id(5),
        Label = "a label",
        Roles = Roles.User,
        Permissions = "keys:read",
        KeyScope = "payments/*",
        State = CredentialState.Active,
        CreatedAt = Time,
        ExpiresAt = Time,
        GraceUntil = Time,
        SuccessorId = new CredentialId(Id(6)),
    };

    public static JournalStream Stream { get; } = new()
    {
        TenantId = new TenantId(Id(1)),
        Number = 2,
        Kind = JournalStreamKind.Uses,
        Node = "a",
        InstallationId = Id(7),
        NextPosition = 9,
        HeadHash = [.. Enumerable.Repeat((byte)8, 32)],
        FirstPosition = 3,
        FirstPreviousHash = [.. Enumerable.Repeat((byte)9, 32)],
        CreatedAt = Time,
        RowVersion = 5,
    };

    public static Guid Id(byte number) => new(0, 0, 0, [0, 0, 0, 0, 0, 0, 0, number]);

    public static KeyAlgorithm Algorithm(string name) => KeyAlgorithm.FromStored(name);

    /// <summary>The key 00 01 … 1F.</summary>
    public static WrappingKey WrappingKey(string id) =>
        new(new Guid(id), SecretBytes.CopyOf([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
}
