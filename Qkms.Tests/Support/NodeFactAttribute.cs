namespace Qkms.Tests.Support;

/// <summary>A fact that runs a Node.js program of <c>Qkms.Tests/Interop</c>, skipped by name where Node.js, the packages or a tool that the program runs are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = NodeProgram.MissingReason();

    public NodeFactAttribute(string tool) => Skip = NodeProgram.MissingReason(tool);
}
