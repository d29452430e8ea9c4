namespace Qkms.Core.Backups;

/// <summary>A backup cannot be made or used: the message says why and what to do.</summary>
internal sealed class BackupException : Exception
{
    /// <summary>A reason that a person can act on.</summary>
    public BackupException(string message)
        : base(message)
    {
    }

    /// <summary>A reason that a person can act on, and what lies behind it.</summary>
    public BackupException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
