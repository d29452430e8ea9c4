using Qkms.Core.Journal;
using Qkms.Core.Sealing;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Journal;

/// <summary>The journal.</summary>
internal sealed class JournalRepository : IJournalRepository
{
    private const string InsertEvent =
        """
        INSERT INTO audit_events (id, tenant_id, time, action, actor_kind, actor_id, key_id, kid, key_version,
          from_state, to_state, reason, request_id, server_request_id, canonical, leaf_hash)
        VALUES (@Id, @TenantId, @Time, @Action, @ActorKind, @ActorId, @KeyId, @Kid, @KeyVersion,
          @FromState, @ToState, @Reason, @RequestId, @ServerRequestId, @Canonical, @LeafHash)
        """;

    /// <inheritdoc/>
    public async Task InsertAsync(IKmsSession session, JournalEvent auditEvent)
    {
        // Only a trigger or a rule of somebody else makes an insert of nothing.
        if (await session.Sql.ExecuteAsync(InsertEvent, JournalRow.From(auditEvent)) != 1)
            throw new SealBrokenException($"journal event {auditEvent.Id}: the database did not store it (a trigger, a rule?)");
    }
}
