namespace Qkms.Tests.Support;

/// <summary>
/// What takes long waits for <c>QKMS_LONG_TESTS=1</c>, as in the gate; what shows more when it is done more often, for
/// <c>QKMS_MANY_RUNS=1</c>.
/// </summary>
internal static class LongTests
{
    public const string Variable = "QKMS_LONG_TESTS";

    public static bool AreWanted { get; } = IsSet(Variable);

    public static bool ManyRuns { get; } = IsSet("QKMS_MANY_RUNS");

    /// <summary>The usual amount of work, or the large one.</summary>
    public static T Choose<T>(T usual, T large) => ManyRuns ? large : usual;

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) == "1";
}
