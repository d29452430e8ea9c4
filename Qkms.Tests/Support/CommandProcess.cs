using System.Diagnostics;

namespace Qkms.Tests.Support;

/// <summary>A command of the program as a process of its own, for what it takes from its environment.</summary>
internal static class CommandProcess
{
    /// <summary>Runs it on the database of a data directory: its exit code and all that it printed.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string dataDirectory, Dictionary<string, string?> environment, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Qkms.Api.dll"), .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["Qkms__DataDirectory"] = dataDirectory;
        foreach ((string name, string value) in TestStorage.SettingsOf(dataDirectory))
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;

        foreach ((string name, string? value) in environment)
            start.Environment[name] = value;

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }
}
