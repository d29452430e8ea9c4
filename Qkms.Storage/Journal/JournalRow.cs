using Qkms.Core.Journal;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Journal;

/// <summary>A row of <c>audit_events</c>, to be read.</summary>
internal sealed class JournalRow
{
    public byte[] Id { get; init; } = [];

    public byte[] TenantId { get; init; } = [];

    public long Stream { get; init; }

    public long? Position { get; init; }

    public long Time { get; init; }

    public string Action { get; init; } = "";

    public string ActorKind { get; init; } = "";

    public string ActorId { get; init; } = "";

    public byte[]? KeyId { get; init; }

    public string? Kid { get; init; }

    public long? KeyVersion { get; init; }

    public string? FromState { get; init; }

    public string? ToState { get; init; }

    public string? Reason { get; init; }

    public byte[]? RequestId { get; init; }

    public byte[]? ServerRequestId { get; init; }

    public byte[]? RowSeal { get; init; }

    public byte[]? KeySeal { get; init; }

    public byte[]? PreviousHash { get; init; }

    public byte[] Canonical { get; init; } = [];

    public byte[] LeafHash { get; init; } = [];

    public byte[]? Mac { get; init; }

    public byte[]? MacKeyId { get; init; }

    public StoredEvent ToEvent()
    {
        StoredRowReader read = new();
        JournalEvent happened = new()
        {
            Id = read.Id(Id),
            TenantId = new TenantId(read.Id(TenantId)),
            Time = read.Time(Time),
            Action = Action,
            ActorKind = ActorKind,
            ActorId = ActorId,
            KeyId = read.OptionalId(KeyId) is { } keyId ? new KeyId(keyId) : null,
            Kid = Kid is null ? null : Core.Names.Kid.FromStored(Kid),
            KeyVersion = KeyVersion is { } number ? read.Number(number) : null,
            From = FromState,
            To = ToState,
            Reason = Reason,
            RequestId = read.OptionalId(RequestId),
            ServerRequestId = read.OptionalId(ServerRequestId),
            RowSeal = RowSeal,
            KeySeal = KeySeal,
        };
        ChainedEvent chained = new(
            happened, read.Number(Stream), Position ?? 0, PreviousHash ?? [], LeafHash, Mac ?? [], read.OptionalId(MacKeyId) ?? Guid.Empty);
        return new StoredEvent(chained, Position is not null, Canonical, read.IsDamaged);
    }
}
