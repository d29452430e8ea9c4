namespace Qkms.Benchmarks.Timing;

/// <summary>Two classes of inputs of one operation, whose times must not differ.</summary>
/// <param name="Name">What is measured, and the two classes.</param>
/// <param name="Prepare">Loads an input of a pool, untimed: 0 is the first class, 1 the second, 2 the first again.</param>
/// <param name="Work">The operation on the input that was prepared last.</param>
internal sealed record TimingExperiment(string Name, Action<int> Prepare, Action Work);
