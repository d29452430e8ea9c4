using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Journal;

/// <summary>
/// A chain of events, by its head: how far it goes, and what its last event hashes to. The row is written with every event, so that neither
/// the last ones nor the row can be taken away alone.
/// </summary>
internal sealed record JournalStream : ISealedRow
{
    /// <summary>The number of the stream that every tenant has: its life-cycle events.</summary>
    public const int LifecycleNumber = 1;

    /// <inheritdoc/>
    public static string SealKind => "journal-stream";

    /// <inheritdoc/>
    public required TenantId TenantId { get; init; }

    /// <summary>The number among the tenant's streams, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>What is written there.</summary>
    public required JournalStreamKind Kind { get; init; }

    /// <summary>Whose uses it holds: the name of the node. Empty for the life cycle, to which every node adds.</summary>
    public required string Node { get; init; }

    /// <summary>The installation; part of every event, so that those of two installations never look alike.</summary>
    public required Guid InstallationId { get; init; }

    /// <summary>The position of the next event; the first of a stream has 0.</summary>
    public required long NextPosition { get; init; }

    /// <summary>The leaf hash of the last event; of an empty stream <see cref="FirstPreviousHash"/>.</summary>
    public required byte[] HeadHash { get; init; }

    /// <summary>The position of the first event that is kept; what was before it was trimmed.</summary>
    public required long FirstPosition { get; init; }

    /// <summary>The leaf hash of the event before that one; 32 zero bytes where nothing was trimmed.</summary>
    public required byte[] FirstPreviousHash { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Rises with every write of the row.</summary>
    public required long RowVersion { get; init; }

    /// <summary>Whether it holds changes, and not uses.</summary>
    public bool IsOfChanges => Kind is JournalStreamKind.Lifecycle or JournalStreamKind.ClosedLifecycle;

    /// <inheritdoc/>
    public string LogName => $"journal stream {Number} of tenant {TenantId}";

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) => writer
        .Add(TenantId.Value).Add((long)Number).Add((long)Kind).Add(Node).Add(InstallationId)
        .Add(NextPosition).Add(HeadHash).Add(FirstPosition).Add(FirstPreviousHash).Add(CreatedAt).Add(RowVersion);

    /// <summary>A stream without an event.</summary>
    public static JournalStream Begin(
        TenantId tenantId, int number, JournalStreamKind kind, string node, Guid installationId, DateTimeOffset now) => new()
        {
            TenantId = tenantId,
            Number = number,
            Kind = kind,
            Node = node,
            InstallationId = installationId,
            NextPosition = 0,
            HeadHash = new byte[JournalChain.HashSize],
            FirstPosition = 0,
            FirstPreviousHash = new byte[JournalChain.HashSize],
            CreatedAt = now,
            RowVersion = 1,
        };
}

/// <summary>What a stream holds. The numbers are sealed into rows and never change.</summary>
internal enum JournalStreamKind
{
    /// <summary>Changes of keys, tenants and API keys, alarms and refusals.</summary>
    Lifecycle = 1,

    /// <summary>Uses of keys.</summary>
    Uses = 2,

    /// <summary>As <see cref="Lifecycle"/>, of a deleted tenant: nothing is added any more but how its rows go.</summary>
    ClosedLifecycle = 3,
}
