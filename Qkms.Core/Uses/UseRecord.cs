using Qkms.Core.Algorithms;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Uses;

/// <summary>Counts and times one use of a key, or one item of a batch after the other.</summary>
internal struct UseRecord
{
    private readonly OperationMetrics _metrics;
    private readonly KeyOperation _operation;
    private readonly TenantId _tenantId;

    // 0 when nobody listens, and between two items of a batch.
    private long _begun;

    /// <summary>Begins, before the key is chosen.</summary>
    public UseRecord(OperationMetrics metrics, KeyOperation operation, KeyChoice choice, TenantId tenantId)
    {
        (_metrics, _operation, _tenantId, _begun) = (metrics, operation, tenantId, OperationMetrics.Begin());

        // A kid does not say of which algorithm it is.
        Algorithm = choice.Kid is null ? choice.AlgorithmMeant : null;
    }

    /// <summary>The algorithm, once it is known.</summary>
    public KeyAlgorithm? Algorithm { get; set; }

    /// <summary>Begins another item, unless none has ended yet: the first one's time includes the opening of the key.</summary>
    public void Begin()
    {
        if (_begun == 0)
            _begun = OperationMetrics.Begin();
    }

    /// <summary>Counts what has begun and not ended.</summary>
    /// <param name="outcome">A word of <see cref="Outcomes"/>.</param>
    public void End(string outcome)
    {
        if (_begun != 0)
            _metrics.Record(_begun, OperationNames.Of(_operation), Algorithm, _tenantId, outcome);

        _begun = 0;
    }
}
