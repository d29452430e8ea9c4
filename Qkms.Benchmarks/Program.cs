using BenchmarkDotNet.Running;
using Qkms.Benchmarks.Timing;

if (args is ["timing", ..])
    return TimingReport.Run(args.AsSpan(1), Console.Out);

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
