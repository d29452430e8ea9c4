namespace Qkms.Core.Journal;

/// <summary>An event as the database holds it; nothing of it is checked.</summary>
/// <param name="Chained">What its columns say. Without a position it is one of an earlier build.</param>
/// <param name="HasPosition">Whether it claims a place in a stream.</param>
/// <param name="Canonical">The bytes stored beside the columns: none but with events of earlier builds.</param>
/// <param name="IsDamaged">A column holds what no build writes.</param>
internal sealed record StoredEvent(ChainedEvent Chained, bool HasPosition, byte[] Canonical, bool IsDamaged)
{
    /// <summary>What happened.</summary>
    public JournalEvent Event => Chained.Event;
}
