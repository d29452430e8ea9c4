using System.Diagnostics.Metrics;

namespace Qkms.Core.Telemetry;

/// <summary>
/// The one meter of Qkms and what Core measures with it; docs/observability.md has the table. No label takes a value that a caller can
/// invent: no kid, no key name, no request id.
/// </summary>
/// <remarks>Static: instruments cost nothing until somebody listens, whoever builds the services.</remarks>
internal static class KmsMeter
{
    /// <summary>The name of the meter, and of the source of spans.</summary>
    public const string Name = "Qkms";

    /// <summary>The label of an operation: a word of <c>OperationNames</c>.</summary>
    public const string OperationLabel = "qkms.operation.name";

    /// <summary>The label of an algorithm of the catalogue.</summary>
    public const string AlgorithmLabel = "qkms.key.algorithm";

    /// <summary>The label of how an operation ended: a word of <see cref="Outcomes"/>.</summary>
    public const string OutcomeLabel = "qkms.outcome";

    /// <summary>The label of a tenant's id; only with <see cref="TelemetryOptions.TenantLabel"/>.</summary>
    public const string TenantLabel = "qkms.tenant.id";

    /// <summary>The label of a code of <see cref="KmsErrors"/>.</summary>
    public const string ErrorCodeLabel = "qkms.error.code";

    /// <summary>The label of a look into the cache of private keys: <c>hit</c> or <c>miss</c>.</summary>
    public const string CacheResultLabel = "qkms.material_cache.result";

    /// <summary>The label of why a private key left memory: <c>count</c>, <c>age</c> or <c>withdrawn</c>.</summary>
    public const string EvictionReasonLabel = "qkms.material_cache.eviction.reason";

    /// <summary>The label of what an integrity alarm is about: a word of <see cref="IntegrityKinds"/>.</summary>
    public const string IntegrityKindLabel = "qkms.integrity.kind";

    /// <summary>The label of what was looked at: a word of <c>Checks</c>.</summary>
    public const string CheckLabel = "qkms.doctor.check";

    /// <summary>The label of how a rotation job ended: <c>SUCCEEDED</c>, <c>FAILED</c> or <c>CANCELLED</c>.</summary>
    public const string RotationJobStateLabel = "qkms.rotation_job.state";

    /// <summary>Boundaries in seconds, from an AES encryption (µs) to the search for RSA primes (s).</summary>
    public static InstrumentAdvice<double> Durations { get; } = new()
    {
        HistogramBucketBoundaries =
        [
            0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
        ],
    };

    /// <summary>The meter. Other projects put their own instruments on it.</summary>
    public static Meter Meter { get; } = new(Name);

    /// <summary>Operations on keys.</summary>
    public static Counter<long> Operations { get; } = Meter.CreateCounter<long>(
        "qkms.operations", "{operation}", "Operations on keys; each item of a batch counts.");

    /// <summary>How long operations on keys take.</summary>
    public static Histogram<double> OperationDuration { get; } = Meter.CreateHistogram(
        "qkms.operation.duration", "s", "Time from the choice of the key to the result, without HTTP.", tags: null, Durations);

    /// <summary>Refusals over HTTP.</summary>
    public static Counter<long> Refusals { get; } = Meter.CreateCounter<long>(
        "qkms.refusals", "{refusal}", "Requests answered with an error.");

    /// <summary>Refusals of known callers that the journal does not have.</summary>
    public static Counter<long> RefusalsLost { get; } = Meter.CreateCounter<long>(
        "qkms.refusals.lost", "{refusal}", "Refusals that should be in the journal, and could not be written.");

    /// <summary>Rotation jobs that this process ended.</summary>
    public static Counter<long> RotationJobs { get; } = Meter.CreateCounter<long>(
        "qkms.rotation_jobs", "{job}", "Rotation jobs that have ended, by how they did.");

    /// <summary>Rotation jobs of all tenants that are still to be done.</summary>
    public static Gauge<long> WaitingRotationJobs { get; } = Meter.CreateGauge<long>(
        "qkms.rotation_jobs.waiting", "{job}", "Rotation jobs still to be done when a node last looked; counted up to 10,000.");

    /// <summary>Tenants whose deletion is due and not done.</summary>
    public static Gauge<long> OverdueTenants { get; } = Meter.CreateGauge<long>(
        "qkms.tenants.overdue", "{tenant}", "Tenants whose deletion was due and not done after a node's last sweep; 0 when all is well.");

    /// <summary>API keys of all tenants that can be used and end soon.</summary>
    public static Gauge<long> EndingApiKeys { get; } = Meter.CreateGauge<long>(
        "qkms.api_keys.ending", "{api_key}", "API keys that can be used and end within 14 days, when a node last looked.");

    /// <summary>What the diagnosis of this node found.</summary>
    public static Gauge<long> Diagnosis { get; } = Meter.CreateGauge<long>(
        "qkms.doctor.severity", "{severity}", "What this node found when it last looked: 0 fine, 1 a warning, 2 a failure.");

    /// <summary>Looks into the cache of private keys.</summary>
    public static Counter<long> MaterialRequests { get; } = Meter.CreateCounter<long>(
        "qkms.material_cache.requests", "{request}", "Requests to the cache of private keys.");

    /// <summary>Private keys that left memory while the service went on.</summary>
    public static Counter<long> MaterialEvictions { get; } = Meter.CreateCounter<long>(
        "qkms.material_cache.evictions", "{key}", "Private keys dropped from memory.");

    /// <summary>Keys of devices with which too many decryptions fail.</summary>
    public static Counter<long> FailingDeviceKeys { get; } = Meter.CreateCounter<long>(
        "qkms.device_keys.failing", "{key}", "Keys of devices with which too many decryptions failed in a window.");

    /// <summary>
    /// Signs that data or computation cannot be trusted. A new kind is a word of <see cref="IntegrityKinds"/>, counted here.
    /// </summary>
    public static Counter<long> IntegrityAlarms { get; } = Meter.CreateCounter<long>(
        "qkms.integrity.alarms", "{alarm}", "Signs of damage or tampering; each one needs an operator.");
}
