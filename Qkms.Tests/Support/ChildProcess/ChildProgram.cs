using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>What this assembly does when a test starts it as a process of its own: its first argument names the work.</summary>
internal static class ChildProgram
{
    internal const string DieAtStep = "die-at-step";
    internal const string CompileSecretMethods = "compile-secret-methods";
    internal const string TakeNotifySocket = "take-notify-socket";
    internal const string UseAndDisposeKeys = "use-and-dispose-keys";
    internal const string MakeTokenKey = "make-token-key";

    private static int Main(string[] args)
    {
        switch (args)
        {
            case [CompileSecretMethods]:
                SecretMethods.CompileAll();
                return 0;
            case [TakeNotifySocket]:
                string? before = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
                ServiceManager manager = new(NullLogger.Instance);
                Console.WriteLine($"{before} then {Environment.GetEnvironmentVariable("NOTIFY_SOCKET") ?? "none"}");
                manager.TellReady();
                return 0;
            case [DieAtStep]:
                ChildSteps.RunAsync().GetAwaiter().GetResult();
                return 0;
            case [UseAndDisposeKeys]:
                KeyUser.Run();
                return 0;
            case [MakeTokenKey]:
                TokenKeyMaker.Run(Console.In);
                return 0;
            default:
                Console.Error.WriteLine("This assembly is run by 'dotnet test'.");
                return 1;
        }
    }
}
