namespace Qkms.Core.Backups;

/// <summary>What a column holds. Both databases know these three, and the schema uses no other.</summary>
internal enum BackupColumnKind
{
    /// <summary>A whole number of 64 bits.</summary>
    Integer,

    /// <summary>Text.</summary>
    Text,

    /// <summary>Bytes.</summary>
    Blob,
}

/// <summary>A column of a table, as a backup names it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it holds, or null in its place.</param>
internal sealed record BackupColumn(string Name, BackupColumnKind Kind);
