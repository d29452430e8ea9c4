namespace Qkms.Storage.Sessions;

/// <summary>A connection that knows whether somebody has written since it was asked before.</summary>
internal interface IMarksChanges
{
    /// <summary>The mark of this moment.</summary>
    StoreMark Mark();
}
