using Qkms.Core.Algorithms;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>A logical key: an id, a fixed algorithm and use, and the counter of its versions.</summary>
internal sealed record Key : ISealedRow
{
    /// <inheritdoc/>
    public static string SealKind => "key";

    public required KeyId Id { get; init; }

    /// <summary>Tenant, owner, name, algorithm and use; fixed.</summary>
    public required KeyAddress Address { get; init; }

    /// <summary>Where its material comes from: <c>qkms</c>.</summary>
    public required string Origin { get; init; }

    /// <summary>Whether it may be used.</summary>
    public required KeyEnablement Enablement { get; init; }

    /// <summary>When it will be destroyed, while it waits for that.</summary>
    public DateTimeOffset? DeleteAt { get; init; }

    /// <summary>A text for people.</summary>
    public string? Description { get; init; }

    /// <summary>How often it rotates by itself.</summary>
    public TimeSpan? RotationPeriod { get; init; }

    /// <summary>When it rotates next by itself.</summary>
    public DateTimeOffset? NextRotationAt { get; init; }

    /// <summary>The number that the next version gets. It only rises: numbers are never used again.</summary>
    public required int NextVersion { get; init; }

    /// <summary>
    /// The version in the active slot, or null. Sealed here so that a version row that was deleted, or made to look inactive, is noticed
    /// and never passes for "there is no active key".
    /// </summary>
    public Kid? ActiveKid { get; init; }

    /// <summary>How many versions it has, of whatever state.</summary>
    public required int VersionCount { get; init; }

    /// <summary>How many of them are destroyed: those count in lists, and not in what a plan allows.</summary>
    public int DestroyedCount { get; init; }

    /// <summary>The state of each version, 1 to <see cref="NextVersion"/> − 1: no version's row can be put back alone.</summary>
    public VersionStates States { get; init; } = VersionStates.None;

    /// <summary>Rises with every write of the row.</summary>
    public required long RowVersion { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <inheritdoc/>
    public TenantId TenantId => Address.TenantId;

    /// <inheritdoc/>
    public string LogName => $"key {Id}";

    /// <summary>Whether no version is left that is not destroyed: protocols that know whole keys say that it does not exist.</summary>
    public bool IsGone => VersionCount > 0 && DestroyedCount == VersionCount;

    /// <summary>
    /// Whether the row of a version is the one that this row says is there: of this key, with a number that it has given, in the state that
    /// it has now, and active exactly when the active slot is its own.
    /// </summary>
    public bool Vouches(KeyVersion version) =>
        version.KeyId == Id
        && version.Address == Address
        && version.Version < NextVersion
        && (version.State == KeyState.Active) == (ActiveKid == version.Kid)
        && States.Hold(version);

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) => writer
        .Add(Id.Value).Add(TenantId.Value)
        .Add(Address.Owner.Kind).Add(Address.Owner.Id).Add(Address.Name.Value).Add(Address.Algorithm.Name).Add((long)Address.Use)
        .Add(Origin).Add((long)Enablement).Add(DeleteAt).Add(Description)
        .Add((long?)RotationPeriod?.TotalMilliseconds).Add(NextRotationAt)
        .Add((long)NextVersion).Add(ActiveKid?.Value).Add((long)VersionCount).Add((long)DestroyedCount).Add(States.Text)
        .Add(RowVersion).Add(CreatedAt);
}

/// <summary>Whose key of a tenant it is: the tenant's own, or one of a thing that the tenant has.</summary>
/// <param name="Kind">The kind of owner; empty for the tenant itself.</param>
/// <param name="Id">Its id; empty for the tenant itself.</param>
internal readonly record struct KeyOwner(string Kind, string Id)
{
    /// <summary>The tenant itself.</summary>
    public static readonly KeyOwner Tenant = new("", "");

    private const string DeviceKind = "device";

    /// <summary>The device that owns the key; null for another owner.</summary>
    public string? DeviceId => Kind == DeviceKind ? Id : null;

    /// <summary>A device of the tenant.</summary>
    public static KeyOwner Device(DeviceId id) => new(DeviceKind, id.Value);
}

/// <summary>What makes a logical key unique: tenant, owner, name, algorithm and use.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Owner">Whose key of the tenant it is.</param>
/// <param name="Name">The name.</param>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Use">The use.</param>
internal sealed record KeyAddress(TenantId TenantId, KeyOwner Owner, KeyName Name, KeyAlgorithm Algorithm, KeyUse Use);

/// <summary>Whether a logical key may be used at all. The numbers are sealed into rows and never change.</summary>
internal enum KeyEnablement
{
    /// <summary>Its versions decide.</summary>
    Enabled = 1,

    /// <summary>Switched off, and can be switched on again.</summary>
    Disabled = 2,

    /// <summary>Waits for its destruction.</summary>
    PendingDeletion = 3,

    /// <summary>Waits for material from outside.</summary>
    PendingImport = 4,
}
