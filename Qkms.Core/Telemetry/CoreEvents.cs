namespace Qkms.Core.Telemetry;

/// <summary>The ids of the log events of this project, 1000 to 1999: each names one event, and keeps its meaning.</summary>
internal static class CoreEvents
{
    public const int First = 1000;
    public const int Last = 1999;

    public const int KeyringOpened = 1001;
    public const int RootKeyMade = 1002;
    public const int MasterKeyMade = 1003;
    public const int MasterKeyMadeElsewhere = 1004;
    public const int RowsTakenOver = 1005;
    public const int NotTakenOver = 1006;
    public const int JournalBegun = 1007;
    public const int CredentialSecretKeyMade = 1008;
    public const int RootKeyOpensNothing = 1009;
    public const int KeyTakenUp = 1010;
    public const int KeyNotTakenUp = 1011;

    public const int ProtectionBroken = 1101;
    public const int NotJournalled = 1102;
    public const int EngineFault = 1103;

    public const int KeyVersionDestroyed = 1201;
    public const int KeyVersionNotDestroyed = 1202;
    public const int DestructionHeld = 1203;
    public const int DestructionReleased = 1204;
    public const int DeviceKeyDestroyed = 1205;
    public const int DeviceKeyNotDestroyed = 1206;
    public const int DeviceKeyFailing = 1207;
    public const int TenantDeleted = 1208;
    public const int TenantErased = 1209;
    public const int TenantNotDeleted = 1210;
    public const int KeyVersionDestroyedWithKey = 1211;
    public const int KeyVersionNotDestroyedWithKey = 1212;

    public const int RotationJobDone = 1301;
    public const int RotationJobFailed = 1302;
    public const int RotationNotDone = 1303;

    public const int UsesNotRecorded = 1401;
    public const int UsesTrimmed = 1402;
    public const int RefusalsNotJournalled = 1403;
    public const int RefusalsLost = 1404;
}
