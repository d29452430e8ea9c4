using System.Diagnostics.CodeAnalysis;

namespace Qkms.Storage.Sessions;

/// <summary>
/// Has Dapper keep what it generates for a statement for all databases of one kind, and not for each anew: all have the schema that the
/// migrations made. A process with one database never sees the difference; one that opens many of them spent most of a start on it.
/// </summary>
internal sealed class SameSchema : IEqualityComparer<string>
{
    /// <inheritdoc/>
    public bool Equals(string? x, string? y) => IsFile(x) == IsFile(y);

    /// <inheritdoc/>
    public int GetHashCode([DisallowNull] string obj) => IsFile(obj) ? 1 : 0;

    // Only SQLite's provider writes it so.
    private static bool IsFile(string? connectionString) =>
        connectionString?.StartsWith("Data Source=", StringComparison.Ordinal) == true;
}
