using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Qkms.Core.Callers;
using Qkms.Core.Cryptography;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Journal;

/// <summary>
/// Tells the operator that stored data does not match its protection, or that cryptography computed wrongly: log and metric each time, the
/// journal once per thing and process.
/// </summary>
internal sealed partial class IntegrityAlarm(
    IKmsStore store, JournalWriter journal, IdGenerator ids, TimeProvider time, ILogger<IntegrityAlarm> logger)
{
    // Beyond so many broken things nothing more is remembered: neither journal nor log would tell an operator more by it.
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, byte> _journalled = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _saidOnce = new(StringComparer.Ordinal);

    private long _raised;

    /// <summary>How many alarms this process has raised.</summary>
    public long Raised => Interlocked.Read(ref _raised);

    /// <summary>
    /// Raises the alarm. It never fails, whatever is broken, the journal or the tenant included: the refusal that the caller gets, and what
    /// else a sweep has to do, do not depend on it.
    /// </summary>
    /// <param name="caller">Whose request met the broken thing; null when it broke before anybody was known.</param>
    /// <param name="what">The thing, by its identifiers.</param>
    public Task RaiseAsync(Caller? caller, string what) => BrokenAsync(caller?.TenantId, caller, what);

    /// <summary>Raises the alarm for what the service met by itself.</summary>
    /// <param name="tenantId">Whose thing it is.</param>
    /// <param name="what">The thing, by its identifiers.</param>
    public Task RaiseAsync(TenantId tenantId, string what) => BrokenAsync(tenantId, caller: null, what);

    /// <summary>
    /// Raises the alarm for what somebody met whom nobody knows: log and metric, once per thing and process, and no journal, because a
    /// stranger must not make the service write.
    /// </summary>
    /// <param name="what">The thing, by its identifiers.</param>
    public void RaiseOnce(string what)
    {
        if (_saidOnce.Count >= MostRemembered || !_saidOnce.TryAdd(what, 0))
            return;

        LogBroken(logger, what);
        Count(IntegrityKinds.Seal);
    }

    /// <summary>Raises the alarm for an implementation that computed wrongly.</summary>
    /// <param name="caller">Whose request met it.</param>
    /// <param name="fault">What was wrong.</param>
    public Task RaiseAsync(Caller? caller, EngineFaultException fault)
    {
        LogEngineFault(logger, fault, fault.What);
        Count(IntegrityKinds.Engine);
        return JournalAsync(caller?.TenantId, caller, JournalActions.EngineFailed, "engine", fault.What);
    }

    private Task BrokenAsync(TenantId? tenantId, Caller? caller, string what)
    {
        LogBroken(logger, what);
        Count(IntegrityKinds.Seal);
        return JournalAsync(tenantId, caller, JournalActions.IntegrityFailed, "integrity", what);
    }

    private void Count(string kind)
    {
        Interlocked.Increment(ref _raised);
        KmsMeter.IntegrityAlarms.Add(1, KeyValuePair.Create<string, object?>(KmsMeter.IntegrityKindLabel, kind));
    }

    private async Task JournalAsync(TenantId? tenantId, Caller? caller, string action, string actor, string what)
    {
        string about = $"{tenantId} {what}";
        if (tenantId is not { } tenant || _journalled.Count >= MostRemembered || !_journalled.TryAdd(about, 0))
            return;

        JournalEvent entry = new()
        {
            Id = ids.Next(),
            TenantId = tenant,
            Time = time.GetUtcMilliseconds(),
            Action = action,
            ActorKind = "system",
            ActorId = actor,
            Reason = what.Length <= JournalEvent.MaxReasonLength ? what : what[..JournalEvent.MaxReasonLength],
            RequestId = caller?.RequestId,
            ServerRequestId = caller?.ServerRequestId,
        };
        try
        {
            await store.WriteAsync(
                async session =>
                {
                    await journal.AppendAsync(session, entry);
                    return true;
                },
                CancellationToken.None);
        }
        catch (KmsException e)
        {
            // The database is away: the next alarm about the same thing may find it.
            _journalled.TryRemove(about, out _);
            LogNotJournalled(logger, e.Error.Code, what, exception: null);
        }
#pragma warning disable CA1031 // Whatever it is, the log has said what is broken, and now says why the journal does not.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotJournalled(logger, e.GetType().Name, what, e);
        }
    }

    [LoggerMessage(CoreEvents.ProtectionBroken, LogLevel.Critical,
        "Integrity: the protection of {What} does not match; requests for it are refused until it is restored from a backup.")]
    private static partial void LogBroken(ILogger logger, string what);

    [LoggerMessage(CoreEvents.EngineFault, LogLevel.Critical,
        "Cryptography computed wrongly: {What}. The key was discarded; generate no keys with this build on this "
        + "machine until the cause is found.")]
    private static partial void LogEngineFault(ILogger logger, Exception fault, string what);

    [LoggerMessage(CoreEvents.NotJournalled, LogLevel.Error, "Integrity: the journal could not be written ({Code}) about {What}.")]
    private static partial void LogNotJournalled(ILogger logger, string code, string what, Exception? exception);
}
