using System.Diagnostics;
using System.Globalization;
using Qkms.Tests.Crash;
using Qkms.Tests.Keyrings;
using Qkms.Tests.Tenants;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>Does a piece of work in a process of its own, which kills itself at one of the steps.</summary>
internal static class ChildSteps
{
    /// <summary>The deletion of what is due a week later, in place of a work on a key.</summary>
    public const string TenantDeletion = "tenant deletion";

    /// <summary>The rotation of the first tenant's key, likewise.</summary>
    public const string TenantKeyRotation = "tenant key rotation";

    // 128 + SIGKILL.
    private const int Killed = 137;

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    /// <summary>Starts the process, and ends with its death.</summary>
    /// <param name="dataDirectory">Where the key is.</param>
    /// <param name="time">How much time has gone by there.</param>
    /// <param name="work">One of <see cref="SteppedWork.All"/>, <see cref="TenantDeletion"/> or <see cref="TenantKeyRotation"/>.</param>
    /// <param name="key">The key, which is prepared.</param>
    /// <param name="step">The step, from 1 on.</param>
    public static async Task DieAsync(string dataDirectory, TimeSpan time, string work, string key, int step)
    {
        using Process child = Child.Start(
            ChildProgram.DieAtStep,
            [
                ("STEPS_DIRECTORY", dataDirectory),
                ("STEPS_TIME", time.ToString("c", CultureInfo.InvariantCulture)),
                ("STEPS_WORK", work),
                ("STEPS_KEY", key),
                ("STEPS_STEP", step.ToString(CultureInfo.InvariantCulture)),
                .. TestStorage.SettingsOf(dataDirectory).Select(pair => ($"STEPS_SETTING_{pair.Key}", pair.Value)),
            ]);
        using CancellationTokenSource limit = new(_patience);
        string said = await child.StandardOutput.ReadToEndAsync(limit.Token);
        await child.WaitForExitAsync(limit.Token);
        child.ExitCode.Should().Be(Killed, said);
    }

    /// <summary>The work of that process.</summary>
    public static async Task RunAsync()
    {
        Steps steps = new();
        string work = Variable("WORK");
        await using QkmsApplication app = steps.Application(Variable("DIRECTORY"));
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (variable.Key is string name && name.StartsWith("STEPS_SETTING_", StringComparison.Ordinal))
                app.Settings[name["STEPS_SETTING_".Length..]] = (string)variable.Value!;
        }

        using HttpClient client = app.Client();
        await app.LeaveDueWorkAsync();
        app.Time.Pass(TimeSpan.Parse(Variable("TIME"), CultureInfo.InvariantCulture));
        steps.DieAt(int.Parse(Variable("STEP"), CultureInfo.InvariantCulture), Process.GetCurrentProcess().Kill);
        await (work switch
        {
            TenantDeletion => app.DeleteDueAsync(TenantDeletionVerbs.Week),
            TenantKeyRotation => app.RotateTenantKeyAsync((await app.FirstTenantAsync()).ToString()),
            _ => SteppedWork.All[work].DoAsync(app, client, Variable("KEY")),
        });
        Console.WriteLine($"passed {steps.Passed.Count} steps and lives");
    }

    private static string Variable(string name) => Environment.GetEnvironmentVariable($"STEPS_{name}")!;
}
