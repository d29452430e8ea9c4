using Qkms.Core.Journal;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Journal;

/// <summary>A row of <c>audit_events</c>.</summary>
internal sealed class JournalRow
{
    public byte[] Id { get; init; } = [];

    public byte[] TenantId { get; init; } = [];

    public long Time { get; init; }

    public string Action { get; init; } = "";

    public string ActorKind { get; init; } = "";

    public string ActorId { get; init; } = "";

    public byte[]? KeyId { get; init; }

    public string? Kid { get; init; }

    public int? KeyVersion { get; init; }

    public string? FromState { get; init; }

    public string? ToState { get; init; }

    public string? Reason { get; init; }

    public byte[]? RequestId { get; init; }

    public byte[]? ServerRequestId { get; init; }

    public byte[] Canonical { get; init; } = [];

    public byte[] LeafHash { get; init; } = [];

    public static JournalRow From(JournalEvent auditEvent)
    {
        byte[] canonical = auditEvent.ToCanonicalBytes();
        return new JournalRow
        {
            Id = auditEvent.Id.ToBytes(),
            TenantId = auditEvent.TenantId.Value.ToBytes(),
            Time = auditEvent.Time.ToStored(),
            Action = auditEvent.Action,
            ActorKind = auditEvent.ActorKind,
            ActorId = auditEvent.ActorId,
            KeyId = auditEvent.KeyId?.Value.ToBytes(),
            Kid = auditEvent.Kid?.Value,
            KeyVersion = auditEvent.KeyVersion,
            FromState = auditEvent.From,
            ToState = auditEvent.To,
            Reason = auditEvent.Reason,
            RequestId = auditEvent.RequestId.ToBytes(),
            ServerRequestId = auditEvent.ServerRequestId.ToBytes(),
            Canonical = canonical,
            LeafHash = JournalEvent.LeafHash(canonical),
        };
    }
}
