namespace Qkms.Benchmarks.Timing;

/// <summary>
/// One format, and causes for which a ciphertext of it does not open. The first cause is the one that the others are compared with.
/// </summary>
/// <param name="Format">What is decrypted.</param>
/// <param name="Causes">Each with a pool of ciphertexts, all of one length.</param>
/// <param name="TryOpen">Decrypts and says whether it opened; the number is the cause's, for those that are no change
/// of the ciphertext.</param>
internal sealed record FailureExperiment(string Format, IReadOnlyList<FailureCause> Causes, Func<int, byte[], bool> TryOpen);

/// <summary>Why ciphertexts do not open.</summary>
/// <param name="Name">For people.</param>
/// <param name="Pool">Ciphertexts.</param>
internal sealed record FailureCause(string Name, byte[][] Pool);
