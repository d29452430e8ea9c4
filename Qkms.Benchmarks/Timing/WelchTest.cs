namespace Qkms.Benchmarks.Timing;

/// <summary>Welch's t-test of two classes of measurements, fed one at a time with means and variances that are updated (Welford).</summary>
internal sealed class WelchTest
{
    private readonly double[] _mean = new double[2];
    private readonly double[] _squares = new double[2];
    private readonly long[] _count = new long[2];

    /// <summary>The fewer of the measurements that each class has.</summary>
    internal long Count => long.Min(_count[0], _count[1]);

    /// <summary>How much longer the second class takes, in the unit of the measurements.</summary>
    internal double Difference => _mean[1] - _mean[0];

    /// <summary>Welch's t: the difference of the means in units of its own standard error.</summary>
    internal double T
    {
        get
        {
            double error = Math.Sqrt(Variance(0) / _count[0] + Variance(1) / _count[1]);
            return error > 0 ? Difference / error : 0;
        }
    }

    internal void Add(int @class, double measured)
    {
        _count[@class]++;
        double delta = measured - _mean[@class];
        _mean[@class] += delta / _count[@class];
        _squares[@class] += delta * (measured - _mean[@class]);
    }

    private double Variance(int @class) => _squares[@class] / (_count[@class] - 1);
}
