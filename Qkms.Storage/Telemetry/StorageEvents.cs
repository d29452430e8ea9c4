namespace Qkms.Storage.Telemetry;

/// <summary>The ids of the log events of this project, 2000 to 2999: each names one event, and keeps its meaning.</summary>
internal static class StorageEvents
{
    public const int First = 2000;
    public const int Last = 2999;

    public const int WriteFailed = 2001;
    public const int ReadFailed = 2002;
    public const int BatchLost = 2003;
    public const int HookFailed = 2004;
    public const int WriteNotQueued = 2005;
    public const int MigrationApplied = 2006;
    public const int CircuitOpened = 2007;
    public const int CircuitClosed = 2008;
    public const int CommitUncertain = 2009;
    public const int OutcomeFound = 2010;
    public const int OutcomeUnknown = 2011;
    public const int SweepFailed = 2012;
    public const int WaitingForDatabase = 2013;
    public const int DatabaseExposed = 2014;
    public const int DatabaseNotDurable = 2015;
    public const int LogNotTruncated = 2016;
    public const int TruncationFailed = 2017;
    public const int SchemaDifferent = 2018;
    public const int SchemaRestored = 2019;
    public const int SchemaNotRead = 2020;
    public const int ServerRefused = 2021;
    public const int ServerChanged = 2022;
    public const int WritesLost = 2023;
    public const int EpochNotRecorded = 2024;
    public const int EpochNotRemembered = 2025;
    public const int WatchFailed = 2026;
    public const int DatabaseFileReplaced = 2027;
    public const int DatabaseFileBack = 2028;
    public const int SettlingFailed = 2030;
    public const int MigrationsBegun = 2031;
}
