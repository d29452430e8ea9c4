using Microsoft.Extensions.Logging;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Keyrings;

/// <summary>What the protection hierarchy writes to the log: identifiers only.</summary>
internal static partial class ProtectionLog
{
    [LoggerMessage(CoreEvents.KeyringOpened, LogLevel.Information, "The keyring is open: root key {RootKeyId} from {RootKeySource}")]
    public static partial void KeyringOpened(ILogger logger, string rootKeyId, string rootKeySource);

    [LoggerMessage(CoreEvents.RootKeyMade, LogLevel.Warning,
        "A root key was made: {RootKeyId} in {RootKeySource}. Without it nothing in the database opens: back "
        + "it up, apart from the database")]
    public static partial void RootKeyMade(ILogger logger, string rootKeyId, string rootKeySource);

    [LoggerMessage(CoreEvents.MasterKeyMade, LogLevel.Information, "Master key {MasterKeyId} was made under root key {RootKeyId}")]
    public static partial void MasterKeyMade(ILogger logger, Guid masterKeyId, string rootKeyId);

    [LoggerMessage(CoreEvents.MasterKeyMadeElsewhere, LogLevel.Information,
        "Another node made the master key at the same time; its key is used")]
    public static partial void MasterKeyMadeElsewhere(ILogger logger);

    [LoggerMessage(CoreEvents.RowsTakenOver, LogLevel.Information,
        "The database of an earlier build was taken over: {Rows} rows are sealed anew under key {SealKeyId}. No earlier build can serve it "
        + "any more.")]
    public static partial void RowsTakenOver(ILogger logger, int rows, Guid sealKeyId);

    [LoggerMessage(CoreEvents.JournalBegun, LogLevel.Warning,
        "The journals of {Tenants} tenants begin as chains now: the database was made by an earlier build. Investigate if it was not.")]
    public static partial void JournalBegun(ILogger logger, int tenants);

    [LoggerMessage(CoreEvents.CredentialSecretKeyMade, LogLevel.Information,
        "The database of an earlier build got its key for the secrets of access keys.")]
    public static partial void CredentialSecretKeyMade(ILogger logger);

    [LoggerMessage(CoreEvents.RootKeyOpensNothing, LogLevel.Warning,
        "The root key {RootKeyId} from {RootKeySource} opens nothing in this database; another one does. Take it away, or give the right "
        + "one")]
    public static partial void RootKeyOpensNothing(ILogger logger, string rootKeyId, string rootKeySource);

    [LoggerMessage(CoreEvents.KeyTakenUp, LogLevel.Information, "Key {KeyId} of the keyring is used for new work from now on")]
    public static partial void KeyTakenUp(ILogger logger, Guid keyId);

    [LoggerMessage(CoreEvents.KeyNotTakenUp, LogLevel.Critical,
        "Integrity: the key {KeyId} in the keyring does not open: its row was planted, changed or damaged. It is not used.")]
    public static partial void KeyNotTakenUp(ILogger logger, Guid keyId);

    [LoggerMessage(CoreEvents.NotTakenOver, LogLevel.Critical,
        "Integrity: the protection of {What} did not match when the database was taken over; requests for it are refused until it is "
        + "restored from a backup.")]
    public static partial void NotTakenOver(ILogger logger, string what);
}
