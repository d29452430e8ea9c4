using Qkms.Api.Envelopes;
using Qkms.Core.ApiKeys;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Time;

namespace Qkms.Api.Hosting;

/// <summary>Writes when API keys were last used, so that what is shown is at most a minute old, and counts those that end soon.</summary>
internal sealed class ApiKeyUseWriting(
    ApiKeyUses uses,
    IKmsStore store,
    ICredentialRepository credentials,
    Entrance entrance,
    TimeProvider time,
    ILogger<ApiKeyUseWriting> logger)
    : PeriodicWork("writing when API keys were used", Interval, entrance, time, logger)
{
    /// <summary>How often: with the half second for which an API key is not read again, well below a minute.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = time;

    protected override IReadOnlyList<Func<CancellationToken, Task>> Tasks => [uses.WriteAsync, CountEndingAsync];

    private async Task CountEndingAsync(CancellationToken cancellationToken)
    {
        if (!KmsMeter.EndingApiKeys.Enabled)
            return;

        DateTimeOffset now = _time.GetUtcMilliseconds();
        KmsMeter.EndingApiKeys.Record(await store.ReadAsync(
            session => credentials.CountEndingAsync(session, now, now + ApiKeyHeaders.WarnedBefore), cancellationToken));
    }
}
