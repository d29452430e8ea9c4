using System.Globalization;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>Changes limits and labels of versions. Raising a limit brings an expired version back: what has expired is computed.</summary>
internal sealed class KeyUpdate(IKmsStore store, Changes changes, StateChanges states, KeyRows rows, OperationMetrics metrics)
{
    /// <summary>Changes one version, and of its key the rotation period. Where nothing changes nothing is written.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.Invalid"/>,
    /// <see cref="KmsErrors.KeyRevoked"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public Task<Done<KeyVersion>> ChangeAsync(
        Caller caller, UpdateKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken) => changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => rows.FindWithKeyAsync(session, caller, command.Kid), cancellationToken),
            () => metrics.MeasureAsync(
                OperationMetrics.Begin(),
                OperationNames.UpdateKey,
                algorithm: null,
                caller,
                states.MakeAsync(
                    caller,
                    request,
                    session => rows.FindWithKeyAsync(session, caller, command.Kid),
                    (version, now) => KeyTransitions.Update(version, command.Limits, command.Labels, now),
                    version => version,
                    JournalActions.KeyUpdated,
                    Describe,
                    cancellationToken)),
            cancellationToken);

    /// <summary>What changes, for the journal: <c>max_usage_limit 100 to 200, labels</c>, and not what those say.</summary>
    internal static string Describe(KeyVersion before, KeyVersion after)
    {
        List<string> parts = [];
        Add("soft_usage_limit", Text(before.SoftUsageLimit), Text(after.SoftUsageLimit));
        Add("max_usage_limit", Text(before.MaxUsageLimit), Text(after.MaxUsageLimit));
        Add("soft_limit_expiration", Text(before.SoftLimitExpiration), Text(after.SoftLimitExpiration));
        Add("expires_at", Text(before.ExpiresAt), Text(after.ExpiresAt));
        Add("process_until", Text(before.ProcessUntil), Text(after.ProcessUntil));
        Add("auto_rotate", before.AutoRotate ? "on" : "off", after.AutoRotate ? "on" : "off");
        Add("rotation_period", Days(before.RotationPeriod), Days(after.RotationPeriod));
        if (before.Labels != after.Labels)
            parts.Add("labels");

        string text = string.Join(", ", parts);
        return text.Length <= JournalEvent.MaxReasonLength ? text : text[..JournalEvent.MaxReasonLength];

        void Add(string name, string from, string to)
        {
            if (from != to)
                parts.Add($"{name} {from} to {to}");
        }
    }

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private static string Text(DateTimeOffset? at) =>
        at?.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture) ?? "none";

    private static string Days(TimeSpan? period) => Text((long?)period?.TotalDays);
}

/// <summary>A version to be changed.</summary>
/// <param name="Kid">The version.</param>
/// <param name="Limits">What changes of its limits, and of the rotation period of its key.</param>
/// <param name="Labels">What changes of its labels.</param>
internal sealed record UpdateKeyCommand(Kid Kid, KeyLimitChanges Limits, LabelChanges Labels);
