using System.Collections.Concurrent;

namespace Qkms.Core.Cryptography;

/// <summary>
/// What engines must pass before a key is touched. Once in a process is enough: the code that is checked stays the same as long as it runs.
/// </summary>
public static class EngineChecks
{
    private static readonly ConcurrentDictionary<PqcEngine, bool> _passed = new(ReferenceEqualityComparer.Instance);

    /// <summary>Runs <see cref="SelfTest.Run"/> and <see cref="SecondOpinion.Compare"/>, unless these engines have passed both.</summary>
    /// <param name="engines">The engine that the service is going to use, and those that it is held against.</param>
    /// <exception cref="ArgumentNullException"><paramref name="engines"/> is null.</exception>
    /// <exception cref="EngineFaultException">An answer is wrong, or they do not agree.</exception>
    public static void EnsurePassed(SecondOpinion engines)
    {
        ArgumentNullException.ThrowIfNull(engines);
        PqcEngine[] compared = [engines.InUse, .. engines.Others];
        if (compared.All(_passed.ContainsKey))
            return;

        SelfTest.Run(engines.InUse);
        engines.Compare();
        foreach (PqcEngine engine in compared)
            _passed.TryAdd(engine, true);
    }
}
