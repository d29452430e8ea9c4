using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Sealing;

namespace Qkms.Core.Administration;

/// <summary>What may be told of an API key: everything but its secret, and the hash of that.</summary>
internal sealed record ApiKeyInfo : IKeepable<ApiKeyInfo>
{
    /// <summary>The id by which requests, log and journal name it.</summary>
    public required CredentialId Id { get; init; }

    /// <summary>The tenant that it speaks for.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>The kind of credential, which the length of its look-up id says too.</summary>
    public string Kind => LookupId.Length == AccessKeyFormat.IdLength ? Credential.AccessKeyKind : Credential.ApiKeyKind;

    /// <summary>The 12 characters of its text that are not secret; of an access key its id.</summary>
    public required string LookupId { get; init; }

    /// <summary>A text for people.</summary>
    public required string Label { get; init; }

    public required Roles Roles { get; init; }

    /// <summary>The words of the operations that it is narrowed to; null = all that its roles allow.</summary>
    public IReadOnlyList<string>? Permissions { get; init; }

    /// <summary>The key names that it is narrowed to; null = all.</summary>
    public IReadOnlyList<string>? KeyNames { get; init; }

    /// <summary>Whether it may be used, its times aside.</summary>
    public required CredentialState State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends; null = never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it ends because another one has replaced it.</summary>
    public DateTimeOffset? GraceUntil { get; init; }

    /// <summary>The one that has replaced it.</summary>
    public CredentialId? SuccessorId { get; init; }

    /// <summary>When it was last used, a minute more or less; null = never. Not kept for repeated requests.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>What it is at a time.</summary>
    public ApiKeyStatus StatusAt(DateTimeOffset now) => State switch
    {
        CredentialState.Revoked => ApiKeyStatus.Revoked,
        _ when GraceUntil <= now => ApiKeyStatus.Revoked,
        CredentialState.Disabled => ApiKeyStatus.Disabled,
        _ when ExpiresAt <= now => ApiKeyStatus.Expired,
        _ => ApiKeyStatus.Active,
    };

    /// <summary>What may be told of a credential.</summary>
    public static ApiKeyInfo Of(Credential credential, DateTimeOffset? lastUsedAt = null) => new()
    {
        Id = credential.Id,
        TenantId = credential.TenantId,
        LookupId = credential.LookupId,
        Label = credential.Label,
        Roles = credential.Roles,
        Permissions = Words.Split(credential.Permissions),
        KeyNames = Words.Split(credential.KeyScope),
        State = credential.State,
        CreatedAt = credential.CreatedAt,
        ExpiresAt = credential.ExpiresAt,
        GraceUntil = credential.GraceUntil,
        SuccessorId = credential.SuccessorId,
        LastUsedAt = lastUsedAt,
    };

    /// <inheritdoc/>
    public void WriteTo(CanonicalWriter record) => record
        .Add(Id.Value).Add(TenantId.Value).Add(LookupId).Add(Label).Add((long)Roles)
        .Add(Words.Join(Permissions)).Add(Words.Join(KeyNames)).Add((long)State)
        .Add(CreatedAt).Add(ExpiresAt).Add(GraceUntil).Add(SuccessorId?.Value.ToString());

    /// <inheritdoc/>
    public static ApiKeyInfo ReadFrom(ref CanonicalReader record) => new()
    {
        Id = new CredentialId(record.ReadId()),
        TenantId = new TenantId(record.ReadId()),
        LookupId = record.ReadText(),
        Label = record.ReadText(),
        Roles = (Roles)record.ReadNumber(),
        Permissions = Words.Split(record.ReadOptionalText()),
        KeyNames = Words.Split(record.ReadOptionalText()),
        State = (CredentialState)record.ReadNumber(),
        CreatedAt = record.ReadTime(),
        ExpiresAt = record.ReadOptionalTime(),
        GraceUntil = record.ReadOptionalTime(),
        SuccessorId = record.ReadOptionalText() is { } successor ? new CredentialId(Guid.Parse(successor)) : null,
    };
}

/// <summary>What an API key is at a time.</summary>
internal enum ApiKeyStatus
{
    /// <summary>It can be used.</summary>
    Active,

    /// <summary>It is switched off.</summary>
    Disabled,

    /// <summary>Its time is over; an administrator can prolong it.</summary>
    Expired,

    /// <summary>It is withdrawn for good, or was replaced and its grace is over.</summary>
    Revoked,
}

/// <summary>Lists of words as rows keep them: parted by spaces, which no word has.</summary>
internal static class Words
{
    /// <summary>The text; null for null.</summary>
    public static string? Join(IReadOnlyList<string>? words) => words is null ? null : string.Join(' ', words);

    /// <summary>The words; null for null.</summary>
    public static IReadOnlyList<string>? Split(string? text) => text?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
