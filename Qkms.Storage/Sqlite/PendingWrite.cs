using Qkms.Storage.Sessions;

namespace Qkms.Storage.Sqlite;

/// <summary>One queued unit of work, from the caller's thread to the writer's and back.</summary>
internal abstract class PendingWrite
{
    // Log lines of the delegate and its hooks carry the scopes of the request that asked for them.
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private IReadOnlyList<Action> _hooks = [];

    /// <summary>Why the unit alone was undone, or null.</summary>
    public Exception? Refusal { get; private set; }

    /// <summary>Runs the delegate once; whatever an earlier run left is forgotten.</summary>
    /// <exception cref="InvalidOperationException">The delegate awaited something else than the session.</exception>
    public void Run(KmsSession session)
    {
        (Refusal, _hooks) = (null, []);
        InContext(() => RunWork(session));
        _hooks = session.Committed;
    }

    /// <summary>Notes that the unit was undone, and its neighbours were not.</summary>
    public void RefuseLater(Exception refusal) => Refusal = refusal;

    /// <summary>After the commit: the hooks, then the answer.</summary>
    /// <param name="onHookFailed">Told of a hook that threw: the commit stands nevertheless, and so does the answer.</param>
    public void Acknowledge(Action<Exception> onHookFailed)
    {
        foreach (Action hook in _hooks)
        {
            try
            {
                InContext(hook);
            }
            catch (Exception e)
            {
                onHookFailed(e);
            }
        }

        Answer();
    }

    /// <summary>Answers that nothing of the unit was committed.</summary>
    public abstract void Refuse(Exception reason);

    /// <summary>Answers with the result.</summary>
    protected abstract void Answer();

    /// <summary>Runs the delegate and keeps its result.</summary>
    protected abstract void RunWork(KmsSession session);

    private void InContext(Action action)
    {
        if (_context is null)
        {
            action();
        }
        else
        {
            ExecutionContext.Run(_context, static state => ((Action)state!)(), action);
        }
    }
}
