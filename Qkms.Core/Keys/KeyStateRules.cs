namespace Qkms.Core.Keys;

/// <summary>Which operation which state allows: the one table that every use of a key asks.</summary>
public static class KeyStateRules
{
    /// <summary>The refusal that an operation meets at <paramref name="now"/>, or null when it may go on.</summary>
    public static KmsError? Refusal(KeyVersion version, KeyOperation operation, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(version);
        return version.StatusAt(now) switch
        {
            KeyStatus.Active => null,
            KeyStatus.Retired => Creates(operation) ? KmsErrors.KeyRetired : AfterProcessing(version, now),
            KeyStatus.Expired => Creates(operation) ? KmsErrors.KeyExpired : AfterExpiry(version, operation, now),
            KeyStatus.Revoked => KmsErrors.KeyRevoked,
            KeyStatus.Destroyed => KmsErrors.KeyDestroyed,
            _ => throw new InvalidOperationException("A key version has a status that this version of Qkms does not know."),
        };
    }

    private static bool Creates(KeyOperation operation) =>
        operation is KeyOperation.Encrypt or KeyOperation.Sign or KeyOperation.Encapsulate or KeyOperation.Wrap;

    // A spent usage limit stops all but verifying; a passed date lets what is there be read until process_until.
    private static KmsError? AfterExpiry(KeyVersion version, KeyOperation operation, DateTimeOffset now) =>
        version.Used >= version.MaxUsageLimit && operation != KeyOperation.Verify ? KmsErrors.KeyExpired : AfterProcessing(version, now);

    private static KmsError? AfterProcessing(KeyVersion version, DateTimeOffset now) =>
        version.ProcessUntil <= now ? KmsErrors.KeyExpired : null;
}
