using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using Qkms.Benchmarks.Engines;
using Qkms.Core.Cryptography;

namespace Qkms.Benchmarks;

/// <summary>
/// Every operation of ML-KEM-768 and ML-DSA-65 by each engine, with keys that are kept and keys that are imported for it, once for each
/// vector path of the managed engine. The ratio is to BouncyCastle in a process with the same path, which it does not use.
/// </summary>
/// <remarks>
/// The platform is left out where it has no ML-KEM. Signing goes over the messages of C2SP/CCTV (<see cref="BenchmarkMessages"/>) and, in
/// the managed engine, includes the verification that follows.
/// </remarks>
[Config(typeof(Paths))]
[MemoryDiagnoser]
[MedianColumn]
public class EngineBenchmarks
{
    private Dictionary<string, Action<int>> _cases = [];

    /// <summary>What is done.</summary>
    [ParamsSource(nameof(Operations))]
    public string Operation { get; set; } = "";

    /// <summary>Those that all engines have.</summary>
    public static IEnumerable<string> Operations => EngineCases.Operations(PqcEngines.BouncyCastle).Select(one => one.Operation);

    [GlobalSetup]
    public void Setup() =>
        _cases = ((string[])[PqcEngines.BouncyCastle, PqcEngines.Platform, PqcEngines.Managed])
            .Where(name => name != PqcEngines.Platform || PqcEngines.IsPlatformSupported)
            .SelectMany(EngineCases.Operations)
            .Where(one => one.Operation == Operation)
            .ToDictionary(one => one.By, one => one.Run);

    [Benchmark(Baseline = true)]
    public void BouncyCastle() => _cases[PqcEngines.BouncyCastle](1);

    [Benchmark]
    public void Platform() => _cases[PqcEngines.Platform](1);

    [Benchmark]
    public void Managed() => _cases[PqcEngines.Managed](1);

    private sealed class Paths : ManualConfig
    {
        public Paths()
        {
            foreach ((string path, string setting) in EngineReport.Paths)
                AddJob(Job.ShortRun.WithId(path).WithEnvironmentVariable(setting.Split('=')[0], setting.Split('=')[1]));
        }
    }
}
