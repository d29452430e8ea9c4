using System.Diagnostics;

namespace Qkms.Tests.Support;

/// <summary>The programs of <c>Qkms.Tests/Interop</c>.</summary>
internal static class NodeProgram
{
    private static readonly string _folder = Path.Combine(Repository.Root, "Qkms.Tests", "Interop");

    /// <summary>The reason for which they cannot run, or null where they can.</summary>
    /// <param name="tools">Commands that they run.</param>
    internal static string? MissingReason(IEnumerable<string> tools)
    {
        if (!IsOnPath("node"))
            return "No Node.js: install 20.19 or later.";

        if (!Directory.Exists(Path.Combine(_folder, "node_modules")))
            return "No packages: run npm ci in Qkms.Tests/Interop.";

        string? missing = tools.FirstOrDefault(tool => !IsOnPath(tool));
        return missing is null ? null : $"No {missing}: install it.";
    }

    /// <summary>Runs a program and gives what it wrote.</summary>
    internal static async Task<string> RunAsync(string program, string input)
    {
        using Process node = Process.Start(new ProcessStartInfo("node", program)
        {
            WorkingDirectory = _folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = node.StandardOutput.ReadToEndAsync();
        Task<string> errors = node.StandardError.ReadToEndAsync();
        await node.StandardInput.WriteAsync(input);
        node.StandardInput.Close();
        await node.WaitForExitAsync();
        node.ExitCode.Should().Be(0, await errors);
        return await output;
    }

    private static bool IsOnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, name)) || File.Exists(Path.Combine(folder, name + ".exe")));
}
