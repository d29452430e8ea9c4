using System.Reflection;

namespace Qkms.Tests.Support;

/// <summary>Lets something else happen before a call of a repository: in the middle of a unit.</summary>
internal static class RepositoryWithGap
{
    /// <summary>The repository, and what happens before calls of a method of it.</summary>
    public static TRepository Of<TRepository>(TRepository repository, string method, Action gap)
        where TRepository : class
    {
        TRepository inFront = DispatchProxy.Create<TRepository, Gap>();
        ((Gap)(object)inFront).Set(repository, method, gap);
        return inFront;
    }

#pragma warning disable CA1852 // The proxy is a subclass that is made when the test runs.
    private class Gap : DispatchProxy
#pragma warning restore CA1852
    {
        private object? _repository;
        private string? _method;
        private Action? _gap;

        public void Set(object repository, string method, Action gap) => (_repository, _method, _gap) = (repository, method, gap);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == _method)
                _gap!();

            return targetMethod.Invoke(_repository, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
        }
    }
}
