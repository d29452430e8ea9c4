using Qkms.Storage.Sessions;

namespace Qkms.Storage.Sqlite;

/// <summary>A queued unit of work with its result.</summary>
internal sealed class PendingWrite<T>(Func<IKmsSession, Task<T>> work) : PendingWrite
{
    // The caller goes on elsewhere: the writer's thread belongs to the writer.
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    /// <summary>Completes after the commit, or with the refusal.</summary>
    public Task<T> Completion => _answer.Task;

    /// <inheritdoc/>
    public override void Refuse(Exception reason) => _answer.SetException(reason);

    /// <inheritdoc/>
    protected override void Answer() => _answer.SetResult(_result!);

    /// <inheritdoc/>
    protected override void RunWork(KmsSession session)
    {
        Task<T> task = RunAndReadBackAsync(session);
        if (!task.IsCompleted)
        {
            // It would hold up everybody else's writes. What it does from here on fails on the ended session, and nobody waits for it.
            _ = task.ContinueWith(
                static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new InvalidOperationException("A unit of work awaited something else than its session.");
        }

        _result = task.GetAwaiter().GetResult();
    }

    private async Task<T> RunAndReadBackAsync(KmsSession session)
    {
        T result = await work(session);
        await session.ReadBackAsync();
        return result;
    }
}
