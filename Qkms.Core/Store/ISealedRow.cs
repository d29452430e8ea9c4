using Qkms.Core.Sealing;

namespace Qkms.Core.Store;

/// <summary>A row that carries a seal: whoever can write to the database cannot change what it decides.</summary>
internal interface ISealedRow
{
    /// <summary>The table, as a word in the seal, so that a row of one table never passes for one of another.</summary>
    static abstract string SealKind { get; }

    /// <summary>The tenant whose row it is.</summary>
    TenantId TenantId { get; }

    /// <summary>How the log and the journal name the row: an identifier, never a secret.</summary>
    string LogName { get; }

    /// <summary>
    /// Writes every column, an absent one as absent, always the same number in the same order: no two rows write the same bytes.
    /// </summary>
    internal void WriteSealedColumns(CanonicalWriter writer);
}

/// <summary>
/// A row together with the seal stored beside it. Storage reads and writes rows in this form; the only way to the row for
/// everybody else is the row sealer, which checks the seal first.
/// </summary>
/// <param name="UnverifiedRow">The row as the database holds it. Only Storage and the sealer touch it.</param>
/// <param name="Seal">The seal stored with the row: format 2 ‖ id of the row-seal key (16) ‖ HMAC (32).</param>
internal sealed record Sealed<T>(T UnverifiedRow, byte[] Seal)
    where T : class, ISealedRow;
