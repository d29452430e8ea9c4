namespace Qkms.Core.Store;

/// <summary>
/// A point in the life of a database, as one connection sees it. Two marks are equal when no row was written between them: by nobody else,
/// and not by this connection. What was read or written at the first need not be read again at the second.
/// </summary>
/// <param name="Connection">The connection; another one counts for itself.</param>
/// <param name="ByOthers">Changes when others have committed.</param>
/// <param name="Here">Changes when this connection has written, whether it was committed or not.</param>
internal readonly record struct StoreMark(object Connection, long ByOthers, long Here);
