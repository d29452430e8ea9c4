using Qkms.Core.Algorithms;
using Qkms.Core.Idempotency;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>One generation of key material, without its private part.</summary>
internal sealed record KeyVersion : ISealedRow, IKeepable<KeyVersion>
{
    /// <inheritdoc/>
    public static string SealKind => "key-version";

    /// <summary>The internal id; ordered by time of creation.</summary>
    public required KeyVersionId Id { get; init; }

    /// <summary>The logical key.</summary>
    public required KeyId KeyId { get; init; }

    /// <summary>
    /// Tenant, owner, name, algorithm and use of the logical key; fixed, and repeated here so that a version says all of itself.
    /// </summary>
    public required KeyAddress Address { get; init; }

    /// <summary>The id by which callers know it.</summary>
    public required Kid Kid { get; init; }

    /// <summary>1, 2, 3 … in its key.</summary>
    public required int Version { get; init; }

    /// <summary>How the request that made it spelled the algorithm.</summary>
    public required string Spelling { get; init; }

    /// <summary>The stored state.</summary>
    public required KeyState State { get; init; }

    /// <summary>The hash of OAEP, for RSA encryption keys.</summary>
    public string? OaepHash { get; init; }

    /// <summary>The public key: the raw FIPS encoding for ML-KEM and ML-DSA, SubjectPublicKeyInfo DER for RSA and EC, or empty.</summary>
    public required byte[] PublicKey { get; init; }

    /// <summary>Uses from which on answers warn; null = no limit.</summary>
    public long? SoftUsageLimit { get; init; }

    /// <summary>Most uses; null = no limit.</summary>
    public long? MaxUsageLimit { get; init; }

    /// <summary>Time from which on answers warn; null = never.</summary>
    public DateTimeOffset? SoftLimitExpiration { get; init; }

    /// <summary>End of encrypting and signing; null = never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>End of decrypting and verifying; null = never.</summary>
    public DateTimeOffset? ProcessUntil { get; init; }

    /// <summary>Whether a soft limit starts a rotation.</summary>
    public bool AutoRotate { get; init; }

    /// <summary>The same limits as one.</summary>
    public KeyLimits Limits
    {
        get => new()
        {
            SoftUsageLimit = SoftUsageLimit,
            MaxUsageLimit = MaxUsageLimit,
            SoftLimitExpiration = SoftLimitExpiration,
            ExpiresAt = ExpiresAt,
            ProcessUntil = ProcessUntil,
            AutoRotate = AutoRotate,
        };
        init
        {
            (SoftUsageLimit, MaxUsageLimit) = (value.SoftUsageLimit, value.MaxUsageLimit);
            (SoftLimitExpiration, ExpiresAt, ProcessUntil) = (value.SoftLimitExpiration, value.ExpiresAt, value.ProcessUntil);
            AutoRotate = value.AutoRotate;
        }
    }

    /// <summary>Whether its uses are counted: it has a limit for them.</summary>
    public bool CountsUses => SoftUsageLimit is not null || MaxUsageLimit is not null;

    /// <summary>How often its key rotates by itself. The key's row holds it, sealed; here it only goes along.</summary>
    public TimeSpan? RotationPeriod { get; init; }

    /// <summary>When its key rotates next by itself; as above.</summary>
    public DateTimeOffset? NextRotationAt { get; init; }

    /// <summary>The version that this one replaced.</summary>
    public Kid? PreviousKid { get; init; }

    /// <summary>The version that replaced this one.</summary>
    public Kid? NextKid { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RetiredAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>When its material was erased.</summary>
    public DateTimeOffset? DestroyedAt { get; init; }

    /// <summary>
    /// When its material will be erased, while it waits for that; until then the state beside it is what a cancellation brings it back to.
    /// </summary>
    public DateTimeOffset? DestroyAt { get; init; }

    /// <summary>When its destruction was ordered, while it waits for that; null for orders of builds that did not note it.</summary>
    public DateTimeOffset? DestroyOrderedAt { get; init; }

    /// <summary>Rises with every write of the row; the key's row holds it too.</summary>
    public long RowVersion { get; init; } = 1;

    /// <summary>
    /// Uses counted so far, as the counter's row says: its seal is looked at when it counts, see <see cref="KeyUsage"/>.
    /// </summary>
    public long Used { get; init; }

    /// <summary>When it was last used, to the counter's knowledge; null = never.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The tenant's own words about it.</summary>
    public KeyLabels Labels { get; init; }

    /// <inheritdoc/>
    public TenantId TenantId => Address.TenantId;

    public KeyAlgorithm Algorithm => Address.Algorithm;

    public KeyUse Use => Address.Use;

    /// <inheritdoc/>
    public string LogName => $"key version {Kid}";

    /// <summary>
    /// The status at <paramref name="now"/>, by precedence: destroyed, waiting for it, revoked, expired, retired, active.
    /// </summary>
    public KeyStatus StatusAt(DateTimeOffset now) => State switch
    {
        KeyState.Destroyed => KeyStatus.Destroyed,
        _ when DestroyAt is not null => KeyStatus.PendingDestruction,
        KeyState.Revoked => KeyStatus.Revoked,
        _ when ExpiresAt <= now || Used >= MaxUsageLimit => KeyStatus.Expired,
        KeyState.Retired => KeyStatus.Retired,
        KeyState.Active => KeyStatus.Active,
        _ => throw new InvalidOperationException("A key version has a state that this version of Qkms does not know."),
    };

    /// <summary>The same with what its key's row says of its rotation.</summary>
    public KeyVersion Of(Key key) => RotationPeriod == key.RotationPeriod && NextRotationAt == key.NextRotationAt
        ? this
        : this with { RotationPeriod = key.RotationPeriod, NextRotationAt = key.NextRotationAt };

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer)
    {
        WriteColumns(writer);

        // Rows without labels have the seals that they had before there were any.
        if (Labels.Text is { } labels)
            writer.Add(labels);
    }

    private void WriteColumns(CanonicalWriter writer) => writer
        .Add(Id.Value).Add(KeyId.Value).Add(TenantId.Value)
        .Add(Address.Owner.Kind).Add(Address.Owner.Id).Add(Address.Name.Value).Add(Algorithm.Name).Add((long)Use)
        .Add(Kid.Value).Add((long)Version).Add(Spelling).Add((long)State).Add(OaepHash).Add(PublicKey)
        .Add(SoftUsageLimit).Add(MaxUsageLimit).Add(SoftLimitExpiration).Add(ExpiresAt).Add(ProcessUntil).Add(AutoRotate)
        .Add(PreviousKid?.Value).Add(NextKid?.Value)
        .Add(CreatedAt).Add(RetiredAt).Add(RevokedAt).Add(DestroyedAt).Add(DestroyAt).Add(DestroyOrderedAt)
        .Add(RowVersion);

    void IKeepable<KeyVersion>.WriteTo(CanonicalWriter record) => KeyVersionRecord.Write(record, this);

    static KeyVersion IKeepable<KeyVersion>.ReadFrom(ref CanonicalReader record) => KeyVersionRecord.Read(ref record);
}

/// <summary>The state of a key version as it is stored. The numbers are sealed into rows and never change.</summary>
internal enum KeyState
{
    /// <summary>In use; at most one version of a key.</summary>
    Active = 1,

    /// <summary>Superseded: decrypts and verifies, and no longer encrypts or signs.</summary>
    Retired = 2,

    /// <summary>Withdrawn for good; its material stays as evidence.</summary>
    Revoked = 3,

    /// <summary>Its material is erased.</summary>
    Destroyed = 4,
}

/// <summary>
/// The status of a key version as callers see it: the stored state, or what other columns decide: expired by time and usage, waiting for
/// destruction by its date.
/// </summary>
internal enum KeyStatus
{
    /// <summary>May do everything.</summary>
    Active,

    /// <summary>Decrypts and verifies.</summary>
    Retired,

    /// <summary>Its time or its uses are over.</summary>
    Expired,

    /// <summary>Does nothing.</summary>
    Revoked,

    /// <summary>Does nothing, and its material is erased on its date unless that is cancelled.</summary>
    PendingDestruction,

    /// <summary>Does nothing, and its material is erased.</summary>
    Destroyed,
}
