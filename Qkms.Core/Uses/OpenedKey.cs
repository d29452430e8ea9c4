using System.Diagnostics;
using Qkms.Core.Gates;
using Qkms.Core.Keys;
using Qkms.Core.Names;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Uses;

/// <summary>A key version that may be used, with its key in memory, until it is disposed of. What is done with it is counted.</summary>
public sealed class OpenedKey : IDisposable
{
    private readonly MaterialLease _lease;
    private readonly OperationMetrics _metrics;
    private readonly string _operation;
    private readonly TenantId _tenantId;

    // 0 when nobody listens, and between two items of a batch.
    private long _begun;

    internal OpenedKey(ChosenKey chosen, MaterialLease lease, OperationMetrics metrics, KeyOperation operation, TenantId tenantId, long begun)
    {
        (Chosen, _lease) = (chosen, lease);
        (_metrics, _operation, _tenantId, _begun) = (metrics, OperationNames.Of(operation), tenantId, begun);
    }

    /// <summary>The version, and the kid that was asked for where it is another.</summary>
    public ChosenKey Chosen { get; }

    /// <summary>The version.</summary>
    public KeyVersion Version => Chosen.Version;

    /// <summary>The key, as what its algorithm is worked with.</summary>
    public T As<T>()
        where T : class, IDisposable => _lease.As<T>();

    /// <summary>Does the operation that the key was opened for, or one item of a batch of it.</summary>
    /// <param name="state">What <paramref name="work"/> gets.</param>
    /// <param name="work">The cryptography; a refusal that it throws is the operation's.</param>
    public T Run<TState, T>(TState state, Func<OpenedKey, TState, T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (_begun == 0)
            _begun = OperationMetrics.Begin();

        using Activity? span = KmsActivities.Start(KmsActivities.Crypto);
        span?.SetTag(KmsMeter.OperationLabel, _operation).SetTag(KmsMeter.AlgorithmLabel, Version.Algorithm.Name);
        try
        {
            T result = work(this, state);
            End(span, Outcomes.Ok);
            return result;
        }
        catch (Exception e) when (_begun != 0 || span is not null)
        {
            End(span, Outcomes.Of(e));
            throw;
        }
    }

    /// <summary>The same for private-key work, when it is its turn.</summary>
    public async ValueTask<T> RunAsync<TState, T>(PrivateKeyGate gate, TState state, Func<OpenedKey, TState, T> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(gate);
        try
        {
            return await gate.RunAsync((Key: this, state, work), static turn => turn.Key.Run(turn.state, turn.work), cancellationToken);
        }
        catch (Exception e) when (_begun != 0)
        {
            End(span: null, Outcomes.Of(e));
            throw;
        }
    }

    /// <summary>Gives the key back.</summary>
    public void Dispose()
    {
        // Opened and not used: the request asks for what the key cannot do.
        End(span: null, Outcomes.Refused);
        _lease.Dispose();
    }

    private void End(Activity? span, string outcome)
    {
        span?.SetTag(KmsMeter.OutcomeLabel, outcome);
        if (outcome == Outcomes.Failed)
            span?.SetStatus(ActivityStatusCode.Error);

        _metrics.Record(_begun, _operation, Version.Algorithm, _tenantId, outcome);
        _begun = 0;
    }
}
