namespace Qkms.Core.Store;

/// <summary>A transaction: repositories take it, and it knows none of them. It ends with the delegate that received it.</summary>
public interface IKmsSession
{
    /// <summary>Runs <paramref name="action"/> after the commit and before the caller's task completes; not at all when the unit fails.</summary>
    void OnCommitted(Action action);
}
