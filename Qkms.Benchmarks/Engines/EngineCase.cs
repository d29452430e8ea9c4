namespace Qkms.Benchmarks.Engines;

/// <summary>Something to measure: an operation, and who does it.</summary>
/// <param name="Operation">What is done; cases with the same operation are compared.</param>
/// <param name="By">Who does it.</param>
/// <param name="Run">Does it as often as it is told.</param>
internal sealed record EngineCase(string Operation, string By, Action<int> Run);
