namespace Qkms.Core.Store;

/// <summary>The service cannot start on this database: the message says why and what to do.</summary>
internal sealed class StoreUnusableException : Exception
{
    /// <summary>A reason that a person can act on.</summary>
    public StoreUnusableException(string message)
        : base(message)
    {
    }

    /// <summary>A reason that a person can act on, and what lies behind it.</summary>
    public StoreUnusableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
