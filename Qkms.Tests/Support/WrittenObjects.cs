using System.Reflection;

namespace Qkms.Tests.Support;

/// <summary>The objects that repositories are given to write, in the unit at hand.</summary>
internal sealed class WrittenObjects
{
    private readonly AsyncLocal<List<object>?> _current = new();

    /// <summary>Begins a unit: what is written in it, and in nothing else that runs meanwhile, comes into the list.</summary>
    public List<object> Begin() => _current.Value = [];

    /// <summary>A repository that passes on all calls, and notes what those that insert or update are given.</summary>
    public TRepository Listen<TRepository>(TRepository repository)
        where TRepository : class
    {
        TRepository listening = DispatchProxy.Create<TRepository, Listener>();
        ((Listener)(object)listening).Set(repository, this);
        return listening;
    }

#pragma warning disable CA1852 // The proxy is a subclass that is made when the test runs.
    private class Listener : DispatchProxy
#pragma warning restore CA1852
    {
        private object? _repository;
        private WrittenObjects? _objects;

        public void Set(object repository, WrittenObjects objects) => (_repository, _objects) = (repository, objects);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            string name = targetMethod!.Name;
            if (name.StartsWith("Insert", StringComparison.Ordinal) || name.StartsWith("Update", StringComparison.Ordinal))
                _objects!._current.Value?.AddRange(args!.OfType<object>().Where(argument => argument is not IKmsSession));

            return targetMethod.Invoke(_repository, args);
        }
    }
}
