namespace Qkms.Core.Idempotency;

/// <summary>An answer as the database keeps it: sealed, because whoever can write to the database must not put words into it, and because an answer may be secret.</summary>
public sealed record KeptAnswer
{
    /// <summary>Whose request it was.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary><see cref="RepeatableRequest.Key"/>.</summary>
    public required string Key { get; init; }

    /// <summary><see cref="RepeatableRequest.Fingerprint"/>.</summary>
    public required byte[] Fingerprint { get; init; }

    /// <summary><see cref="AnswerToKeep.Status"/>.</summary>
    public required int Status { get; init; }

    /// <summary>The tenant key that seals the content.</summary>
    public required Guid WrappingKeyId { get; init; }

    /// <summary><see cref="AnswerToKeep.Content"/>, sealed.</summary>
    public required byte[] Sealed { get; init; }

    /// <summary>When the request was done.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From when on it is as if it had never been.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
