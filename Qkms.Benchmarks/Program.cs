using BenchmarkDotNet.Running;
using Qkms.Benchmarks.Engines;
using Qkms.Benchmarks.Load;
using Qkms.Benchmarks.Scale;
using Qkms.Benchmarks.Timing;
using Qkms.Benchmarks.Writes;

switch (args)
{
    case ["timing", "failures", ..]:
        return FailureReport.Run(args.AsSpan(2), Console.Out);
    case ["timing", ..]:
        return TimingReport.Run(args.AsSpan(1), Console.Out);
    case ["engines", ..]:
        return EngineReport.Run(args.AsSpan(1), Console.Out);
    case ["load", ..]:
        return await LoadReport.RunAsync(LoadOptions.Parse(args.AsSpan(1)), Console.Out);
    case ["writes", ..]:
        return await WritesReport.RunAsync(WritesOptions.Parse(args.AsSpan(1)), Console.Out);
    case ["scale", ..]:
        return await ScaleReport.RunAsync(ScaleOptions.Parse(args.AsSpan(1)), Console.Out);
    case [BareServer.Command]:
        return await BareServer.RunAsync();
    case ["responsiveness", ..]:
        return await Responsiveness.RunAsync(args[1..], Console.Out);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(LoadReport).Assembly).Run(args);
        return 0;
}
