namespace Qkms.Core.Backups;

/// <summary>Is told how far a backup or a restore is.</summary>
internal interface IBackupProgress
{
    /// <summary>A table begins, or goes on.</summary>
    /// <param name="step">What is done: "saving", "checking", "restoring".</param>
    /// <param name="table">The table.</param>
    /// <param name="number">Which one it is, from 1.</param>
    /// <param name="tables">Of how many.</param>
    /// <param name="rows">How many of its rows are done.</param>
    void At(string step, string table, int number, int tables, long rows);
}
