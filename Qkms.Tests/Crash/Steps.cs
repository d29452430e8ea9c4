using System.Reflection;

namespace Qkms.Tests.Crash;

/// <summary>
/// The steps of a piece of work on the database, in their order, and the one at which the process dies: before each unit that writes,
/// before each call of a repository in it, before its commit, and after it, before anybody learns of it.
/// </summary>
internal sealed class Steps
{
    private readonly Lock _lock = new();
    private readonly AsyncLocal<bool> _isInWrite = new();
    private readonly List<string> _passed = [];
    private Action? _kill;
    private int _last;
    private bool _isCounting;

    /// <summary>Whether the step was reached.</summary>
    public bool IsDead { get; private set; }

    /// <summary>What was passed since <see cref="DieAt"/>.</summary>
    public IReadOnlyList<string> Passed
    {
        get
        {
            lock (_lock)
                return [.. _passed];
        }
    }

    /// <summary>Counts from now on.</summary>
    /// <param name="step">The number of the step, from 1 on.</param>
    /// <param name="kill">Ends the process; null where the database is only to be left as if it had ended.</param>
    public void DieAt(int step, Action? kill = null)
    {
        lock (_lock)
            (_last, _kill, _isCounting) = (step, kill, true);
    }

    /// <summary>Dies here, or goes on; who is dead never does.</summary>
    /// <exception cref="ProcessDiedException">As said.</exception>
    public void Pass(string step)
    {
        lock (_lock)
        {
            MustLive();
            if (!_isCounting)
                return;

            _passed.Add(step);
            if (_passed.Count != _last)
                return;

            _kill?.Invoke();
            IsDead = true;
            throw new ProcessDiedException();
        }
    }

    /// <summary>Who is dead reads nothing either. Where he dies between two reads the database is as before the next write.</summary>
    /// <exception cref="ProcessDiedException">As said.</exception>
    public void MustLive()
    {
        lock (_lock)
        {
            if (IsDead)
                throw new ProcessDiedException();
        }
    }

    /// <summary>The service whose steps these are: nothing happens in it but what the test does.</summary>
    public QkmsApplication Application(string dataDirectory) => new(dataDirectory)
    {
        KeepsHouse = false,
        EndsBeforeDisposal = true,
        StoreInFront = store => new StoreWithSteps(store, this),
        FurtherServices = Listen,
    };

    /// <summary>Runs what belongs to a unit that writes.</summary>
    public async Task<T> InWriteAsync<T>(Func<Task<T>> work)
    {
        _isInWrite.Value = true;
        T result = await work();
        Pass("the commit");
        return result;
    }

    private void Listen(IServiceCollection services)
    {
        foreach (ServiceDescriptor behind in services.Where(IsRepository).ToArray())
        {
            services.Remove(behind);
            services.AddSingleton(
                behind.ServiceType,
                provider => Listener.Of(
                    behind.ServiceType, ActivatorUtilities.CreateInstance(provider, behind.ImplementationType!), this));
        }
    }

    private static bool IsRepository(ServiceDescriptor service) =>
        service.ServiceType is { IsInterface: true, Namespace: { } space } type
        && space.StartsWith("Qkms.Core", StringComparison.Ordinal)
        && type.Name.EndsWith("Repository", StringComparison.Ordinal);

#pragma warning disable CA1852 // The proxy is a subclass that is made when the test runs.
    private class Listener : DispatchProxy
#pragma warning restore CA1852
    {
        private object? _repository;
        private Steps? _steps;

        public static Listener Of(Type type, object repository, Steps steps)
        {
            Listener listener = (Listener)Create(type, typeof(Listener));
            (listener._repository, listener._steps) = (repository, steps);
            return listener;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (_steps!._isInWrite.Value)
                _steps.Pass($"{targetMethod!.DeclaringType!.Name}.{targetMethod.Name}");

            return targetMethod!.Invoke(_repository, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
        }
    }

    private sealed class StoreWithSteps(IKmsStore store, Steps steps) : IKmsStore
    {
        public string Description => store.Description;

        public bool IsEmbedded => store.IsEmbedded;

        public Task OpenAsync(CancellationToken cancellationToken) => store.OpenAsync(cancellationToken);

        public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
        {
            steps.Pass("a write");
            T result = await store.WriteAsync(session => steps.InWriteAsync(() => work(session)), cancellationToken);
            steps.Pass("the answer to a commit");
            return result;
        }

        public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
        {
            steps.MustLive();
            return store.ReadAsync(work, cancellationToken);
        }

        public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
            store.UpgradeAsync(work, cancellationToken);

        public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => store.EraseRemainsAsync(cancellationToken);

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }
}

/// <summary>What is under way in a process that has died: nobody sees it.</summary>
internal sealed class ProcessDiedException : Exception;
