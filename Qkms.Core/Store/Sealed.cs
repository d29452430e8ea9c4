namespace Qkms.Core.Store;

/// <summary>
/// A row together with the seal stored beside it. Storage reads and writes rows in this form; the only way to the row for
/// everybody else is the row sealer, which checks the seal first.
/// </summary>
/// <param name="UnverifiedRow">The row as the database holds it. Only Storage and the sealer touch it.</param>
/// <param name="Seal">The HMAC stored with the row, format byte first.</param>
public sealed record Sealed<T>(T UnverifiedRow, byte[] Seal)
    where T : class, ISealedRow;
