using Qkms.Core.Journal;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Journal;

/// <summary>
/// How events become rows of <c>audit_events</c>: one prepared statement run again and again where the database is in this process, and one
/// statement for all where it is not. The canonical bytes are not stored: the columns say everything that is in them.
/// </summary>
internal static class JournalColumns
{
    /// <summary>The columns, in one order wherever rows are read or written.</summary>
    public const string Columns =
        """
        id, tenant_id, stream, position, time, action, actor_kind, actor_id, key_id, kid, key_version, from_state, to_state, reason,
          request_id, server_request_id, row_seal, key_seal, previous_hash, canonical, leaf_hash, mac, mac_key_id
        """;

    /// <summary>One event.</summary>
    public const string InsertOne =
        $"""
        INSERT INTO audit_events ({Columns})
        VALUES (@Id, @TenantId, @Stream, @Position, @Time, @Action, @ActorKind, @ActorId, @KeyId, @Kid, @KeyVersion, @FromState, @ToState,
          @Reason, @RequestId, @ServerRequestId, @RowSeal, @KeySeal, @PreviousHash, @Canonical, @LeafHash, @Mac, @MacKeyId)
        """;

    /// <summary>Any number of events, in arrays.</summary>
    public const string InsertMany =
        $"""
        INSERT INTO audit_events ({Columns})
        SELECT * FROM unnest(@Id, @TenantId, @Stream, @Position, @Time, @Action, @ActorKind, @ActorId, @KeyId, @Kid, @KeyVersion,
          @FromState, @ToState, @Reason, @RequestId, @ServerRequestId, @RowSeal, @KeySeal, @PreviousHash, @Canonical, @LeafHash, @Mac,
          @MacKeyId)
        """;

    /// <summary>The parameters of <see cref="InsertOne"/>, in the order of <see cref="OfOne"/>.</summary>
    public static readonly string[] Parameters =
    [
        "@Id", "@TenantId", "@Stream", "@Position", "@Time", "@Action", "@ActorKind", "@ActorId", "@KeyId", "@Kid", "@KeyVersion",
        "@FromState", "@ToState", "@Reason", "@RequestId", "@ServerRequestId", "@RowSeal", "@KeySeal", "@PreviousHash", "@Canonical",
        "@LeafHash", "@Mac", "@MacKeyId",
    ];

    private static readonly byte[] _nothing = [];

    /// <summary>The values of one event.</summary>
    public static object?[] OfOne(ChainedEvent chained)
    {
        JournalEvent happened = chained.Event;
        return
        [
            happened.Id.ToBytes(), happened.TenantId.Value.ToBytes(), chained.Stream, chained.Position, happened.Time.ToStored(),
            happened.Action, happened.ActorKind, happened.ActorId, happened.KeyId?.Value.ToBytes(), happened.Kid?.Value,
            happened.KeyVersion,
            happened.From, happened.To, happened.Reason, happened.RequestId.ToBytes(), happened.ServerRequestId.ToBytes(),
            happened.RowSeal, happened.KeySeal,
            chained.PreviousHash, _nothing, chained.LeafHash, chained.Mac, chained.MacKeyId.ToBytes(),
        ];
    }

    /// <summary>Of each column the values of all events.</summary>
    public static object OfMany(IReadOnlyList<ChainedEvent> events) => new
    {
        Id = Column(events, static one => one.Event.Id.ToBytes()),
        TenantId = Column(events, static one => one.Event.TenantId.Value.ToBytes()),
        Stream = Column(events, static one => one.Stream),
        Position = Column(events, static one => one.Position),
        Time = Column(events, static one => one.Event.Time.ToStored()),
        Action = Column(events, static one => one.Event.Action),
        ActorKind = Column(events, static one => one.Event.ActorKind),
        ActorId = Column(events, static one => one.Event.ActorId),
        KeyId = Column(events, static one => one.Event.KeyId?.Value.ToBytes()),
        Kid = Column(events, static one => one.Event.Kid?.Value),
        KeyVersion = Column(events, static one => one.Event.KeyVersion),
        FromState = Column(events, static one => one.Event.From),
        ToState = Column(events, static one => one.Event.To),
        Reason = Column(events, static one => one.Event.Reason),
        RequestId = Column(events, static one => one.Event.RequestId.ToBytes()),
        ServerRequestId = Column(events, static one => one.Event.ServerRequestId.ToBytes()),
        RowSeal = Column(events, static one => one.Event.RowSeal),
        KeySeal = Column(events, static one => one.Event.KeySeal),
        PreviousHash = Column(events, static one => one.PreviousHash),
        Canonical = Column(events, static _ => _nothing),
        LeafHash = Column(events, static one => one.LeafHash),
        Mac = Column(events, static one => one.Mac),
        MacKeyId = Column(events, static one => one.MacKeyId.ToBytes()),
    };

    private static T[] Column<T>(IReadOnlyList<ChainedEvent> events, Func<ChainedEvent, T> valueOf)
    {
        T[] values = new T[events.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = valueOf(events[i]);

        return values;
    }
}
