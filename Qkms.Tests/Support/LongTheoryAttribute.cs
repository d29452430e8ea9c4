namespace Qkms.Tests.Support;

/// <summary>A theory that takes long, skipped by name unless <c>QKMS_LONG_TESTS=1</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongTheoryAttribute : TheoryAttribute
{
    private const string Variable = "QKMS_LONG_TESTS";

    public LongTheoryAttribute() =>
        Skip = Environment.GetEnvironmentVariable(Variable) == "1" ? null : $"It takes long: set {Variable}=1.";
}
