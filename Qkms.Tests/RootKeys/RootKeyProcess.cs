using System.Diagnostics;

namespace Qkms.Tests.RootKeys;

/// <summary><c>qkms root-key</c> as a process of its own, to be killed.</summary>
internal sealed class RootKeyProcess
{
    private readonly Process _process;

    /// <summary>Starts it; the first file is the root key that it has, the others it is presented.</summary>
    public RootKeyProcess(string dataDirectory, string[] keys, params string[] arguments)
    {
        ProcessStartInfo start = new(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Qkms.Api.dll"), "root-key", .. arguments,
                .. keys.Select(key => $"--with={key}"), $"--Qkms:DataDirectory={dataDirectory}",
            ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["QKMS_ROOT_KEY_FILE"] = keys[0];
        _process = Process.Start(start)!;
    }

    /// <summary>Ends as soon as this holds, or the process has ended.</summary>
    public void WaitFor(Func<bool> sign)
    {
        while (!_process.HasExited && !sign())
            Thread.SpinWait(100);
    }

    /// <summary><c>kill -9</c>; false where it had ended.</summary>
    public bool Kill()
    {
        bool runs = !_process.HasExited;
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        return runs;
    }
}
