using Qkms.Core.Cryptography;

namespace Qkms.Tests.Support;

/// <summary>A theory that needs the platform's own ML-KEM and ML-DSA, skipped by name where the machine has none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PlatformPqcTheoryAttribute : TheoryAttribute
{
    public PlatformPqcTheoryAttribute() =>
        Skip = PqcEngines.IsPlatformSupported ? null : "The platform has no ML-KEM and ML-DSA (OpenSSL 3.5 or later is needed).";
}
