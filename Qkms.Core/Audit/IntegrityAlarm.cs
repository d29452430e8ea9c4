using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Qkms.Core.Persistence;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;

namespace Qkms.Core.Audit;

/// <summary>Tells the operator that stored data does not match its protection: log and metric each time, the journal once per thing and process.</summary>
public sealed partial class IntegrityAlarm(IKmsStore store, IdGenerator ids, TimeProvider time, ILogger<IntegrityAlarm> logger)
{
    // Beyond so many broken things the journal has nothing more to say that the log does not.
    private const int MostJournalled = 10_000;

    private readonly ConcurrentDictionary<string, byte> _journalled = new(StringComparer.Ordinal);

    /// <summary>Raises the alarm. It never fails: the refusal that the caller gets does not depend on it.</summary>
    /// <param name="caller">Whose request met the broken thing; null when it broke before anybody was known.</param>
    /// <param name="what">The thing, by its identifiers.</param>
    public Task RaiseAsync(Caller? caller, string what) => RaiseAsync(caller?.TenantId, caller?.RequestId, what);

    /// <summary>Raises the alarm for what the service met by itself.</summary>
    /// <param name="tenantId">Whose thing it is.</param>
    /// <param name="what">The thing, by its identifiers.</param>
    public Task RaiseAsync(TenantId tenantId, string what) => RaiseAsync(tenantId, requestId: null, what);

    private async Task RaiseAsync(TenantId? tenantId, Guid? requestId, string what)
    {
        LogBroken(logger, what);
        KmsMeter.IntegrityAlarms.Add(1, KeyValuePair.Create<string, object?>(KmsMeter.IntegrityKindLabel, IntegrityKinds.Seal));
        if (tenantId is not { } tenant || _journalled.Count >= MostJournalled || !_journalled.TryAdd($"{tenant} {what}", 0))
            return;

        AuditEvent entry = new()
        {
            Id = ids.Next(),
            TenantId = tenant,
            Time = time.GetUtcMilliseconds(),
            Action = AuditActions.IntegrityFailed,
            ActorKind = "system",
            ActorId = "integrity",
            Reason = what,
            RequestId = requestId,
        };
        try
        {
            await store.WriteAsync(
                async session =>
                {
                    await session.Audit.InsertAsync(entry);
                    return true;
                },
                CancellationToken.None);
        }
        catch (KmsException e)
        {
            LogNotJournalled(logger, e.Error.Code, what);
        }
    }

    [LoggerMessage(1001, LogLevel.Critical, "Integrity: the protection of {What} does not hold; it is refused until it is restored from a backup.")]
    private static partial void LogBroken(ILogger logger, string what);

    [LoggerMessage(1002, LogLevel.Error, "Integrity: the journal could not be written ({Code}) about {What}.")]
    private static partial void LogNotJournalled(ILogger logger, string code, string what);
}
