using Qkms.Tests.Support.ChildProcess;
using Qkms.Tests.Verification;
using Xunit.Abstractions;

namespace Qkms.Tests.Crash;

/// <summary>
/// Death at each step of what issues say must be whole or not there. Most deaths are in this process: the database is left as a kill
/// leaves it, and a new service goes on with it. Some are of a process of its own, which kills itself.
/// </summary>
public sealed class StepCrashTests(ITestOutputHelper output)
{
    private const int Kills = 5;

    // More than a job, and the attempt after one that was cut off, wait for.
    private static readonly TimeSpan _betweenLives = TimeSpan.FromHours(10);

    private static readonly string[] _eachRun = ["rotation by kid", "batch of uses"];

    public static TheoryData<string> Works => [.. SteppedWork.All.Keys];

    public static TheoryData<string> WorksOfEachRun => [.. _eachRun];

    public static TheoryData<string> FurtherWorks => [.. SteppedWork.All.Keys.Except(_eachRun)];

    /// <summary>
    /// A-13, A-19, A-32: wherever a rotation, a job, a merge patch or a batch of uses is cut off, there is no half chain, no second active
    /// version, no version without its event, no job that is done twice, no use counted beside those in flight.
    /// </summary>
    [Theory]
    [MemberData(nameof(WorksOfEachRun))]
    public Task Death_at_each_step_leaves_all_or_nothing_and_the_next_start_goes_on(string name) => DieAtEachStepAsync(name);

    /// <summary>A-13, A-19, A-32: the other works.</summary>
    [TheoryIf(Requirement.LongTests)]
    [MemberData(nameof(FurtherWorks))]
    public Task Death_at_each_step_of_other_works_leaves_all_or_nothing(string name) => DieAtEachStepAsync(name);

    private async Task DieAtEachStepAsync(string name)
    {
        SteppedWork work = SteppedWork.All[name];
        using TemporaryDirectory directory = new();
        IReadOnlyList<string> passed = [];
        bool hasDied = true;
        for (int step = 1; hasDied; step++)
        {
            Steps steps = new();
            string key = $"k{step}";
            await using (QkmsApplication app = steps.Application(directory.Path))
            {
                using HttpClient client = app.Client();
                await app.LeaveDueWorkAsync();
                app.Time.Pass(step * _betweenLives);
                if (step > 1)
                    await work.FinishAsync(app, client, $"k{step - 1}");

                await work.PrepareAsync(app, client, key);
                steps.DieAt(step);
                await DieOrEndAsync(() => work.DoAsync(app, client, key));
                (hasDied, passed) = (steps.IsDead, steps.Passed);
            }

            await ShouldBeWholeAsync(directory.Path, $"death at step {step}, {passed[^1]}");
        }

        passed.Should().Contain(work.Known);
        output.WriteLine($"{passed.Count} steps: {string.Join(", ", passed)}");
    }

    /// <summary>A-13, A-19, A-32: the same with <c>kill -9</c>, at some of the steps.</summary>
    [TheoryIf(Requirement.LongTests)]
    [MemberData(nameof(Works))]
    public async Task A_process_killed_at_a_step_leaves_all_or_nothing(string name)
    {
        SteppedWork work = SteppedWork.All[name];
        using TemporaryDirectory directory = new();
        int count = await CountStepsAsync(work, directory.Path);
        for (int kill = 0; kill < Kills; kill++)
        {
            string key = $"k{kill}";
            int step = 1 + (kill * (count - 1) / (Kills - 1));
            await using (QkmsApplication app = Alive(directory.Path, kill))
                await work.PrepareAsync(app, app.Client(), key);

            await ChildSteps.DieAsync(directory.Path, kill * _betweenLives, name, key, step);

            await ShouldBeWholeAsync(directory.Path, $"kill -9 at step {step} of {count}");
            await using QkmsApplication next = Alive(directory.Path, kill);
            await work.FinishAsync(next, next.Client(), key);
        }
    }

    private static QkmsApplication Alive(string path, int life)
    {
        QkmsApplication app = new Steps().Application(path);
        app.Time.Pass(life * _betweenLives);
        return app;
    }

    private static async Task<int> CountStepsAsync(SteppedWork work, string path)
    {
        Steps steps = new();
        await using QkmsApplication app = steps.Application(path);
        using HttpClient client = app.Client();
        await work.PrepareAsync(app, client, "counted");
        steps.DieAt(int.MaxValue);
        await work.DoAsync(app, client, "counted");
        return steps.Passed.Count;
    }

    private static async Task DieOrEndAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ProcessDiedException)
        {
            // Where no request stands between.
        }
    }

    private static async Task ShouldBeWholeAsync(string path, string after)
    {
        using (Database database = TestStorage.OpenUntouched(path))
            Invariants.CheckRows(database, after);

        (int exitCode, string said) = await Verify.RunAsync(path);
        exitCode.Should().Be(0, "{0}: {1}", after, said);
    }
}
