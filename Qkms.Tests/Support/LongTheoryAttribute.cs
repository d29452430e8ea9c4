namespace Qkms.Tests.Support;

/// <summary>A theory that takes long, skipped by name unless <c>QKMS_LONG_TESTS=1</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongTheoryAttribute : TheoryAttribute
{
    public LongTheoryAttribute() => Skip = LongTests.AreWanted ? null : $"It takes long: set {LongTests.Variable}=1.";
}
