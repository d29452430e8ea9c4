namespace Qkms.Tests.Support;

/// <summary>A fact that runs a Node.js program of <c>Qkms.Tests/Interop</c>, skipped by name where Node.js or the packages are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = NodeProgram.MissingReason();
}
