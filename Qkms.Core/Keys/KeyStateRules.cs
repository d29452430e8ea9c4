using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>Which operation which state allows: the one table that every use of a key asks.</summary>
internal static class KeyStateRules
{
    /// <summary>Whether a version is revoked, destroyed or waiting for its destruction: nothing is done with its private key.</summary>
    public static bool IsOver(KeyVersion version) =>
        version is { State: KeyState.Revoked or KeyState.Destroyed } or { DestroyAt: not null };

    /// <summary>
    /// The refusal that an operation meets at <paramref name="now"/>, or null when it may go on: the version's, and its key's.
    /// </summary>
    public static KmsError? Refusal(KeyAndVersion used, KeyOperation operation, DateTimeOffset now)
    {
        bool isOver = IsOver(used.Version);
        return used.Key.Enablement switch
        {
            KeyEnablement.Disabled or KeyEnablement.PendingImport when !isOver => KmsErrors.KeyDisabled,
            KeyEnablement.PendingDeletion when !isOver => KmsErrors.KeyDestroyed,
            _ => Refusal(used.Version, operation, now),
        };
    }

    /// <summary>The refusal that an operation meets at <paramref name="now"/> because of the version, or null when it may go on.</summary>
    public static KmsError? Refusal(KeyVersion version, KeyOperation operation, DateTimeOffset now) =>
        version.StatusAt(now) switch
        {
            KeyStatus.Active => null,
            KeyStatus.Retired => operation.Creates() ? KmsErrors.KeyRetired : AfterProcessing(version, now),
            KeyStatus.Expired => operation.Creates() ? KmsErrors.KeyExpired : AfterExpiry(version, operation, now),
            KeyStatus.Revoked => KmsErrors.KeyRevoked,
            KeyStatus.PendingDestruction or KeyStatus.Destroyed => KmsErrors.KeyDestroyed,
            _ => throw new InvalidOperationException("A key version has a status that this version of Qkms does not know."),
        };

    // A spent usage limit stops all but verifying; a passed date lets what is there be read until process_until.
    private static KmsError? AfterExpiry(KeyVersion version, KeyOperation operation, DateTimeOffset now) =>
        version.Used >= version.MaxUsageLimit && operation != KeyOperation.Verify ? KmsErrors.KeyExpired : AfterProcessing(version, now);

    private static KmsError? AfterProcessing(KeyVersion version, DateTimeOffset now) =>
        version.ProcessUntil <= now ? KmsErrors.KeyExpired : null;
}
