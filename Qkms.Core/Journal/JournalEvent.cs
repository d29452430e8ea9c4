namespace Qkms.Core.Journal;

/// <summary>One entry of the journal: who did what to which key, when. Written in the transaction of the change.</summary>
internal sealed record JournalEvent
{
    /// <summary>The longest reason, in characters.</summary>
    public const int MaxReasonLength = 256;

    /// <summary>The id; ordered by time.</summary>
    public required Guid Id { get; init; }

    /// <summary>The tenant in whose journal it stands.</summary>
    public required TenantId TenantId { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>What happened: a word of <see cref="JournalActions"/>.</summary>
    public required string Action { get; init; }

    /// <summary>What acted: <c>api_key</c> or <c>system</c>.</summary>
    public required string ActorKind { get; init; }

    /// <summary>The API key's id, or what part of the service it was.</summary>
    public required string ActorId { get; init; }

    /// <summary>The key concerned, if any.</summary>
    public KeyId? KeyId { get; init; }

    /// <summary>The key version concerned, if any.</summary>
    public Kid? Kid { get; init; }

    /// <summary>Its number.</summary>
    public int? KeyVersion { get; init; }

    /// <summary>The state before.</summary>
    public string? From { get; init; }

    /// <summary>The state after.</summary>
    public string? To { get; init; }

    /// <summary>The reason that the caller gave.</summary>
    public string? Reason { get; init; }

    /// <summary>The request, if one caused it, as its answer names it: the caller may have chosen this id.</summary>
    public Guid? RequestId { get; init; }

    /// <summary>The same by an id that the service made; no other request has it.</summary>
    public Guid? ServerRequestId { get; init; }

    /// <summary>
    /// The seal of the row that the change left behind, where it is about one: of a key version, a tenant or an API key.
    /// </summary>
    public byte[]? RowSeal { get; init; }

    /// <summary>The seal of the key's row that the change left behind, if it changed that.</summary>
    public byte[]? KeySeal { get; init; }
}
