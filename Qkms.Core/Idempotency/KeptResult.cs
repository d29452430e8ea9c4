namespace Qkms.Core.Idempotency;

/// <summary>
/// A result as the database keeps it. It is sealed because nobody who can write to the database may put words into an answer, and because a
/// result may be secret.
/// </summary>
internal sealed record KeptResult
{
    /// <summary>Whose request it was.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary><see cref="RepeatableRequest.Key"/>.</summary>
    public required string Key { get; init; }

    /// <summary><see cref="RepeatableRequest.Fingerprint"/>.</summary>
    public required byte[] Fingerprint { get; init; }

    /// <summary>The tenant key that seals the record.</summary>
    public required Guid WrappingKeyId { get; init; }

    /// <summary>The <see cref="ResultRecord"/>, sealed.</summary>
    public required byte[] Sealed { get; init; }

    /// <summary>When the request was done.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From when on it is as if it had never been.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
