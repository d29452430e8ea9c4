using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.Support;

/// <summary>A fact that looks into the memory of a process, skipped by name where that is not allowed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ProcessMemoryFactAttribute : FactAttribute
{
    public ProcessMemoryFactAttribute() => Skip = ProcessMemory.MissingReason();
}
