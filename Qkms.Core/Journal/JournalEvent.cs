using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.Journal;

/// <summary>One entry of the journal: who did what to which key, when. Written in the transaction of the change.</summary>
internal sealed record JournalEvent
{
    /// <summary>The longest reason, in characters.</summary>
    public const int MaxReasonLength = 256;

    private const byte Format = 2;
    private const byte LeafPrefix = 0x00;

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

    /// <summary>The bytes that are hashed: format 2, then every field with its length.</summary>
    public byte[] ToCanonicalBytes() => new CanonicalWriter(Format)
        .Add(Id).Add(TenantId.Value).Add(Time).Add(Action).Add(ActorKind).Add(ActorId)
        .Add(KeyId?.Value).Add(Kid?.Value).Add((long?)KeyVersion).Add(From).Add(To).Add(Reason).Add(RequestId)
        .Add(ServerRequestId)
        .Written.ToArray();

    /// <summary>The leaf hash of RFC 6962, 2.1: SHA-256 of 0x00 ‖ canonical bytes.</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> canonicalBytes) => SHA256.HashData([LeafPrefix, .. canonicalBytes]);
}
