using System.Globalization;

namespace Qkms.Tests.Crash;

/// <summary>How many kills a test makes: a few, or as many as <c>QKMS_KILLS</c> says.</summary>
internal static class CrashCount
{
    private const string Variable = "QKMS_KILLS";

    /// <summary>
    /// What was asked for, else <paramref name="usual"/>, or <paramref name="whenLong"/> where tests may take long.
    /// </summary>
    public static int Or(int usual, int? whenLong = null) =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text
            ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
            : LongTests.AreWanted && whenLong is { } many ? many : usual;
}
