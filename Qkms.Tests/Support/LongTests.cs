namespace Qkms.Tests.Support;

/// <summary>What takes long, or shows more when it takes longer, waits for <c>QKMS_LONG_TESTS=1</c>.</summary>
internal static class LongTests
{
    public const string Variable = "QKMS_LONG_TESTS";

    public static bool AreWanted { get; } = Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>The usual amount of work, or the large one.</summary>
    public static T Choose<T>(T usual, T large) => AreWanted ? large : usual;
}
