using Qkms.Core.Store;

namespace Qkms.Core.Journal;

/// <summary>The journal in the database.</summary>
internal interface IJournalRepository
{
    /// <summary>Adds an event with its canonical bytes and leaf hash.</summary>
    Task InsertAsync(IKmsSession session, JournalEvent auditEvent);
}
