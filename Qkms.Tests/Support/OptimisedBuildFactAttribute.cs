using System.Diagnostics;
using System.Reflection;

namespace Qkms.Tests.Support;

/// <summary>A fact about optimised code, skipped by name in a Debug build, which the runtime never optimises.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OptimisedBuildFactAttribute : FactAttribute
{
    public OptimisedBuildFactAttribute() =>
        Skip = typeof(TouchesSecretsAttribute).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true }
            ? "This build is not optimised: run the tests with -c Release."
            : null;
}
