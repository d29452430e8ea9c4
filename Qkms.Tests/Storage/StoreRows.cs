using Qkms.Core.ApiKeys;
using Qkms.Core.Tenants;

namespace Qkms.Tests.Storage;

/// <summary>Makes rows for storage tests. Seals are bytes without meaning: storage keeps them and does not check them.</summary>
internal sealed class StoreRows
{
    /// <summary>A moment with a part below the millisecond, as clocks give them; the database keeps milliseconds.</summary>
    public static readonly DateTimeOffset Now = new DateTimeOffset(2026, 3, 1, 12, 0, 0, 123, TimeSpan.Zero).AddTicks(4567);

    private readonly IdGenerator _ids = new(TimeProvider.System);
    private int _accounts;

    /// <summary>What comes back of <see cref="Now"/>.</summary>
    public static DateTimeOffset StoredNow => DateTimeOffset.FromUnixTimeMilliseconds(Now.ToUnixTimeMilliseconds());

    public Guid NextId() => _ids.Next();

    public static Sealed<T> Seal<T>(T row)
        where T : class, ISealedRow =>
        new(row, RandomNumberGenerator.GetBytes(RowSealer.SealSize));

    public Tenant Tenant(string name) => new()
    {
        Id = new TenantId(NextId()),
        AccountId = $"{++_accounts:D12}",
        Name = name,
        State = TenantState.Active,
        Plan = "enterprise",
        CreatedAt = StoredNow,
    };

    public KeyringEntry SystemKey(KeyringKind kind, int version) =>
        new(NextId(), kind, TenantId: null, version, NextId(), KeyringState.InUse, [1, 2, 3], StoredNow);

    public KeyringEntry TenantKey(TenantId tenantId, int version) =>
        new(NextId(), KeyringKind.Tenant, tenantId, version, NextId(), KeyringState.InUse, [4, 5, 6], StoredNow);

    public Key Key(
        TenantId tenantId,
        string name = "default",
        string algorithm = "ML-KEM-768",
        KeyUse use = KeyUse.Encryption,
        KeyOwner? owner = null) => new()
        {
            Id = new KeyId(NextId()),
            Address = new KeyAddress(tenantId, owner ?? KeyOwner.Tenant, KeyName.FromStored(name), KeyAlgorithm.FromStored(algorithm), use),
            Origin = "qkms",
            Enablement = KeyEnablement.Enabled,
            NextVersion = 1,
            VersionCount = 0,
            RowVersion = 1,
            CreatedAt = StoredNow,
        };

    public KeyVersion Version(Key key, int number, KeyState state = KeyState.Active, string? kid = null) => new()
    {
        Id = new KeyVersionId(NextId()),
        KeyId = key.Id,
        Address = key.Address,
        Kid = kid is null ? Kid.From(NextId()) : Kid.FromStored(kid),
        Version = number,
        Spelling = key.Address.Algorithm.Name,
        State = state,
        PublicKey = RandomNumberGenerator.GetBytes(64),
        CreatedAt = StoredNow,
    };

    public Credential Credential(TenantId tenantId, Guid hashKeyId) => new()
    {
        Id = new CredentialId(NextId()),
        TenantId = tenantId,
        Kind = Core.ApiKeys.Credential.ApiKeyKind,
        LookupId = RandomNumberGenerator.GetHexString(12),
        Verifier = RandomNumberGenerator.GetBytes(32),
        HashKeyId = hashKeyId,
        Label = "for a test",
        Roles = Roles.Admin | Roles.Operator,
        State = CredentialState.Active,
        CreatedAt = StoredNow,
    };
}
