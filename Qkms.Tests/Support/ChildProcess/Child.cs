using System.Diagnostics;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>Starts this assembly as a process of its own.</summary>
internal static class Child
{
    /// <param name="work">One of the constants of <see cref="ChildProgram"/>.</param>
    /// <param name="environment">Added to the environment of the tests.</param>
    internal static Process Start(string work, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new("dotnet", [typeof(Child).Assembly.Location, work])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
