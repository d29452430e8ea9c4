using Qkms.Core.Algorithms;

namespace Qkms.Core.Uses;

/// <summary>One kind of work with a key: the operation that it counts as, what the key must be able to do, and the cryptography.</summary>
/// <typeparam name="TKey">What the key must be able to do, of the interfaces of <see cref="LoadedKey"/>.</typeparam>
/// <typeparam name="TState">What the caller gives.</typeparam>
/// <typeparam name="T">The result.</typeparam>
internal sealed class KeyWork<TKey, TState, T>
    where TKey : class
{
    /// <summary>Which operation it is.</summary>
    public required KeyOperation Operation { get; init; }

    /// <summary>
    /// The cryptography; it waits for nothing. A refusal that it throws is the operation's. Null is a result that does not
    /// <see cref="Fits">fit</see>.
    /// </summary>
    public required Func<TKey, TState, T?> Run { get; init; }

    /// <summary>
    /// Whether a result shows that the key is the one that the input was made for; by name alone the next older version is tried where it
    /// does not. Null where no other key is tried.
    /// </summary>
    public Func<T?, bool>? Fits { get; init; }

    /// <summary>The refusal when no key fits; null where the result says so itself.</summary>
    public KmsError? Misfit { get; init; }

    /// <summary>What a caller reads whose key does the operation, but not in this way.</summary>
    public string? Elsewhere { get; init; }

    /// <summary>
    /// Refuses, before a turn is waited for, what this key cannot do; its result is what the caller should know. Null where
    /// there is nothing to judge.
    /// </summary>
    public Func<TKey, TState, IReadOnlyList<string>>? Judge { get; init; }
}
