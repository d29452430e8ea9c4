using System.Diagnostics;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Uses;

/// <summary>Counts and times operations on keys. While nobody listens nothing is timed and nothing allocated.</summary>
/// <param name="options">What the host registered; the defaults where it registered none.</param>
internal sealed class OperationMetrics(TelemetryOptions? options = null)
{
    private readonly bool _byTenant = options?.TenantLabel == true;

    /// <summary>The monotonic clock, or 0 when nobody listens: <see cref="Record"/> then does nothing.</summary>
    public static long Begin() => KmsMeter.Operations.Enabled || KmsMeter.OperationDuration.Enabled ? Stopwatch.GetTimestamp() : 0;

    /// <summary>Counts an operation that has ended.</summary>
    /// <param name="begun">What <see cref="Begin"/> gave.</param>
    /// <param name="operation">A word of <see cref="OperationNames"/>.</param>
    /// <param name="algorithm">The algorithm, if it is known.</param>
    /// <param name="tenantId">Whose key.</param>
    /// <param name="outcome">A word of <see cref="Outcomes"/>.</param>
    public void Record(long begun, string operation, KeyAlgorithm? algorithm, TenantId tenantId, string outcome)
    {
        if (begun == 0)
            return;

        TagList labels = new() { { KmsMeter.OperationLabel, operation }, { KmsMeter.OutcomeLabel, outcome } };
        if (algorithm is not null)
            labels.Add(KmsMeter.AlgorithmLabel, algorithm.Name);

        KmsMeter.OperationDuration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds, labels);
        if (_byTenant)
            labels.Add(KmsMeter.TenantLabel, tenantId.ToString());

        KmsMeter.Operations.Add(1, labels);
    }

    /// <summary>Counts an operation when it ends, whether well or not.</summary>
    /// <param name="begun">What <see cref="Begin"/> gave before <paramref name="work"/> was started.</param>
    /// <param name="operation">A word of <see cref="OperationNames"/>.</param>
    /// <param name="algorithm">The algorithm, if it is known.</param>
    /// <param name="caller">For whom.</param>
    /// <param name="work">The operation.</param>
    internal Task<T> MeasureAsync<T>(long begun, string operation, KeyAlgorithm? algorithm, Caller caller, Task<T> work) =>
        begun == 0 ? work : MeasuredAsync(begun, operation, algorithm, caller.TenantId, work);

    private async Task<T> MeasuredAsync<T>(long begun, string operation, KeyAlgorithm? algorithm, TenantId tenantId, Task<T> work)
    {
        try
        {
            T result = await work;
            Record(begun, operation, algorithm, tenantId, Outcomes.Ok);
            return result;
        }
        catch (Exception e)
        {
            Record(begun, operation, algorithm, tenantId, Outcomes.Of(e));
            throw;
        }
    }
}
