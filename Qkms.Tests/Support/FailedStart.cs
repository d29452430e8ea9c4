namespace Qkms.Tests.Support;

/// <summary>F-43: a start that fails says why in one sentence and ends with status 1.</summary>
internal static class FailedStart
{
    private const string Opening = "Qkms does not start: ";

    /// <summary>Starts the service in vain; what it says.</summary>
    public static async Task<string> SentenceAsync(string dataDirectory, Dictionary<string, string?>? environment = null)
    {
        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(dataDirectory, environment);

        exitCode.Should().Be(1, output);
        output.Should().NotContain("\"Critical\"").And.NotContain("   at ").And.NotContain("Exception");

        // Beside lines of the log there is that one.
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Should().ContainSingle(line => line[0] != '{', output).Which.Should().StartWith(Opening).And.Subject;
    }
}
