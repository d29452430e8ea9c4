using Qkms.Core.Callers;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// An API key or an access key as the database knows it: of an API key never its secret, only a keyed hash; of an access key the secret,
/// sealed.
/// </summary>
internal sealed record Credential : ISealedRow
{
    /// <summary>The kind of credential that the <c>x-api-key</c> header carries.</summary>
    public const string ApiKeyKind = "api_key";

    /// <summary>The kind of credential that signs requests by AWS Signature Version 4.</summary>
    public const string AccessKeyKind = "sigv4";

    /// <inheritdoc/>
    public static string SealKind => "credential";

    public required CredentialId Id { get; init; }

    /// <summary>The tenant that it speaks for.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>The kind; <see cref="ApiKeyKind"/> or <see cref="AccessKeyKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>The visible part by which it is looked up; unique with the kind.</summary>
    public required string LookupId { get; init; }

    /// <summary>HMAC-SHA-256 of <c>id ‖ secret</c> under the keyring key <see cref="HashKeyId"/>; null for access keys.</summary>
    public byte[]? Verifier { get; init; }

    /// <summary>The keyring key of the verifier; null for access keys.</summary>
    public Guid? HashKeyId { get; init; }

    /// <summary>The wrapped secret of an access key (<see cref="AccessKeySecret"/>), which checks signatures; null for API keys.</summary>
    public byte[]? SealedSecret { get; init; }

    /// <summary>A text for people.</summary>
    public required string Label { get; init; }

    public required Roles Roles { get; init; }

    /// <summary>The operations that it is narrowed to, parted by spaces; null = all that its roles allow.</summary>
    public string? Permissions { get; init; }

    /// <summary>The key names that it is narrowed to, parted by spaces; null = all.</summary>
    public string? KeyScope { get; init; }

    /// <summary>Whether it may be used.</summary>
    public required CredentialState State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends; null = never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When a rotated one ends.</summary>
    public DateTimeOffset? GraceUntil { get; init; }

    /// <summary>The one that replaced it.</summary>
    public CredentialId? SuccessorId { get; init; }

    /// <inheritdoc/>
    public string LogName => $"credential {Id}";

    /// <summary>Whether it may be used at <paramref name="now"/>.</summary>
    public bool IsUsableAt(DateTimeOffset now) =>
        State == CredentialState.Active && !(ExpiresAt <= now) && !(GraceUntil <= now);

    /// <summary>When it ends by itself; null = never.</summary>
    public DateTimeOffset? EndsAt => ExpiresAt is not { } expires || GraceUntil < expires ? GraceUntil ?? ExpiresAt : expires;

    /// <summary>
    /// Whether it takes a place of those that the tenant's plan allows. One that was replaced leaves its place to its successor, so that
    /// there is always room for a rotation.
    /// </summary>
    public bool TakesPlaceAt(DateTimeOffset now) => SuccessorId is null && IsUsableAt(now);

    /// <summary>
    /// Whether it can do everything in its tenant, now and as far as it is known also tomorrow. An access key reaches keys alone.
    /// </summary>
    public bool AdministersAt(DateTimeOffset now) =>
        TakesPlaceAt(now) && Kind == ApiKeyKind && Roles.HasFlag(Roles.Admin) && Permissions is null && KeyScope is null;

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) => writer
        .Add(Id.Value).Add(TenantId.Value).Add(Kind).Add(LookupId).Add(Verifier).Add(SealedSecret).Add(HashKeyId)
        .Add(Label).Add((long)Roles).Add(Permissions).Add(KeyScope).Add((long)State).Add(CreatedAt).Add(ExpiresAt).Add(GraceUntil)
        .Add(SuccessorId?.Value);
}

/// <summary>Whether a credential may be used. The numbers are sealed into rows and never change.</summary>
internal enum CredentialState
{
    /// <summary>It may.</summary>
    Active = 1,

    /// <summary>Switched off, and can be switched on again.</summary>
    Disabled = 2,

    /// <summary>Withdrawn for good.</summary>
    Revoked = 3,
}
