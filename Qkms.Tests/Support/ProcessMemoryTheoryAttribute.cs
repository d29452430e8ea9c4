using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.Support;

/// <summary>A theory that looks into the memory of a process, skipped by name where that is not allowed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ProcessMemoryTheoryAttribute : TheoryAttribute
{
    public ProcessMemoryTheoryAttribute() => Skip = ProcessMemory.MissingReason();
}
