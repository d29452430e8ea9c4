using System.Diagnostics;

namespace Qkms.Tests.Support;

/// <summary>Programs of the system that tests need to get the machine into a state.</summary>
internal static class Shell
{
    /// <summary>Whether the program ended with 0; false too where there is none.</summary>
    public static bool Try(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>The same, and it has to.</summary>
    public static void Must(string program, params string[] arguments)
    {
        if (!Try(program, arguments))
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed.");
    }
}
