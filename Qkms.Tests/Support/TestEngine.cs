namespace Qkms.Tests.Support;

/// <summary>The engine that started services are tested with: <c>QKMS_TEST_ENGINE</c>, or the default of the service.</summary>
internal static class TestEngine
{
    public static string? Name { get; } = Environment.GetEnvironmentVariable("QKMS_TEST_ENGINE") is { Length: > 0 } name ? name : null;
}
