using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Qkms.Core.ApiKeys;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Devices;
using Qkms.Core.Journal;
using Qkms.Core.Lifecycle;
using Qkms.Core.Signatures;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Api.Hosting;

/// <summary>Every setting below <c>Qkms:</c>. Defaults are those of the options that Core works with; ranges are only here.</summary>
internal static class SettingCatalogue
{
    public const string Sqlite = "sqlite";
    public const string Postgres = "postgresql";

    // Below the 30 seconds after which Kubernetes kills.
    private static readonly TimeSpan _usualShutdown = TimeSpan.FromSeconds(25);

    public static readonly Setting<string> DataDirectory = Setting.Text(
        "DataDirectory",
        "qkms-data",
        "Directory of the database, the first API key and, unless you name another source, the root key; relative to the current "
            + "directory. One process per directory. With PostgreSQL it holds no database.",
        type: "path");

    public static readonly Setting<TimeSpan> ShutdownTimeout = Setting.Duration(
        "ShutdownTimeout",
        _usualShutdown,
        TimeSpan.FromSeconds(1),
        TimeSpan.FromMinutes(10),
        "Grace period for in-flight requests after SIGTERM ([stopping](hardening.md#stopping)).");

    public static readonly Setting<bool> DemoKeys = Setting.Flag(
        "DemoKeys",
        true,
        "Whether a new installation gets keys named `demo`, which the examples at `/swagger` use. Only in the environment `Development`, "
            + "which `dotnet run` sets; no other environment gets them.");

    public static readonly Setting<string> StorageProvider = Setting.Text(
        "Storage:Provider",
        Sqlite,
        provider => provider is Sqlite or Postgres,
        "The database: SQLite in the data directory, or a PostgreSQL server ([several nodes](postgresql.md)).",
        range: $"{Sqlite} or {Postgres}");

    // Not checked alone: what it must be depends on the provider.
    public static readonly Setting<string?> ConnectionString = new(
        "Storage:ConnectionString",
        "string",
        $"with {Postgres} only",
        "The PostgreSQL database, in [Npgsql's keywords](https://www.npgsql.org/doc/connection-string-parameters.html) "
            + "([set-up](postgresql.md#set-up)). It may hold a password, so do not pass it as an argument.",
        otherwise: null,
        (string text, out string? value) =>
        {
            value = text;
            return true;
        });

    // Whether the machine has the engine is asked when it is chosen.
    public static readonly Setting<string> Engine = Setting.Text(
        "Crypto:Engine",
        PqcEngines.BouncyCastle,
        "Implementation of ML-KEM and ML-DSA ([how to choose](engines.md)).",
        range: $"{PqcEngines.BouncyCastle}, {PqcEngines.Platform} or {PqcEngines.Managed}");

    public static readonly Setting<bool> StrictEngine = Setting.Flag(
        "Crypto:StrictEngine",
        false,
        "Whether Qkms refuses an operation that the engine lacks (an external μ with `bouncycastle`) instead of using the managed engine "
            + "for it.");

    public static readonly Setting<bool> VerifyAfterSign = Setting.Flag(
        "Crypto:VerifyAfterSign",
        true,
        "Whether the managed engine verifies each ML-DSA signature that it made before it leaves: a fault in computing one can give away "
            + "the key.");

    public static readonly Setting<bool> AwsEnabled = Setting.Flag(
        "Aws:Enabled",
        true,
        "Whether the protocol of AWS KMS is spoken at `POST /` ([how](aws.md)). It needs access keys, which the tenant makes.");

    public static readonly Setting<bool> AllowPlaintext = Setting.Flag(
        "Http:AllowPlaintext",
        false,
        "Whether Qkms may serve HTTP without TLS on addresses other than loopback.");

    public static readonly Setting<IReadOnlyList<IPNetwork>> TrustedProxies = Setting.List<IPNetwork>(
        "Http:TrustedProxies",
        TryParseNetwork,
        "IP addresses or networks such as 10.0.0.0/24, separated by ;",
        "Proxies from which Qkms takes `X-Forwarded-Prefix`, the path below which callers reach it, and `X-Forwarded-For`, the caller's "
            + "address ([behind a proxy](hardening.md#behind-a-proxy)).");

    public static readonly Setting<IReadOnlyList<string>> AllowedOrigins = Setting.List<string>(
        "Http:AllowedOrigins",
        TryParseOrigin,
        "origins such as https://app.example, separated by ;",
        "Web pages whose scripts may call Qkms from a browser ([CORS](hardening.md#browsers)). `http://` only for this machine; no `*`.");

    public static readonly Setting<int> MaxConcurrentConnections = Setting.Number(
        "Http:MaxConcurrentConnections",
        new HttpLimits().MaxConcurrentConnections,
        1,
        1_000_000,
        "Maximum number of open connections, and fewer where memory is short: one for each 256 KB that the process may use "
            + "([memory](hardening.md#memory)). Further connections are closed.");

    public static readonly Setting<int> BodyMemory = Setting.Number(
        "Http:BodyMemory",
        new HttpLimits().BodyMemory,
        0,
        1_048_576,
        "Memory in MB for the bodies of requests under way, each counted eight times; 0 for a quarter of the memory that the process may "
            + "use ([memory](hardening.md#memory)). Requests beyond it wait up to 5 seconds, then they are 503.");

    public static readonly Setting<string> ApiKeyPrefix = Setting.Text(
        "ApiKeys:Prefix",
        new ApiKeyOptions().Prefix,
        ApiKeyOptions.IsPrefix,
        "Prefix of newly issued API keys. Keys with an earlier prefix keep working.",
        range: "1 to 32 letters, digits and _");

    public static readonly Setting<int> MaxKeys = Setting.Number(
        "Materials:MaxKeys",
        new MaterialCacheOptions().MaxKeys,
        1,
        100_000,
        "Maximum number of expanded private keys kept in memory; each takes up to 150 KB.");

    public static readonly Setting<TimeSpan> MaxAge = Setting.Duration(
        "Materials:MaxAge",
        new MaterialCacheOptions().MaxAge,
        TimeSpan.FromSeconds(1),
        TimeSpan.FromDays(1),
        "Maximum time that an expanded private key is used from memory. Then Qkms zeroes it, and unwraps the key again when a request "
            + "needs it.");

    public static readonly Setting<TimeSpan> SweepInterval = Setting.Duration(
        "Destruction:SweepInterval",
        new DestructionOptions().SweepInterval,
        TimeSpan.FromMilliseconds(100),
        TimeSpan.FromHours(1),
        "How often Qkms looks for keys whose destruction date has come. It destroys nothing until the clock has run steadily for ten "
            + "intervals ([on the date](destruction.md#on-the-date)).");

    public static readonly Setting<DateTimeOffset?> ClockConfirmedAt = new(
        "Destruction:ClockConfirmedAt",
        "date and time in UTC",
        "as `2026-11-26T18:00Z`",
        "The time at which you found the clock of the machine right, after Qkms stopped destroying keys because of it "
            + "([a wrong clock](destruction.md#a-wrong-clock)). It counts for a day.",
        otherwise: null,
        (string text, out DateTimeOffset? value) =>
        {
            bool isTime = DateTimeOffset.TryParseExact(
                text, ["yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
                out DateTimeOffset time);
            value = isTime ? time : null;
            return isTime;
        });

    public static readonly Setting<TimeSpan> RotationInterval = Setting.Duration(
        "Rotation:Interval",
        new RotationOptions().Interval,
        TimeSpan.FromMilliseconds(100),
        TimeSpan.FromHours(1),
        "How often Qkms looks for rotations that are due. It rotates nothing by itself until the clock has run steadily for ten intervals "
            + "([scheduled rotations](rotation.md#scheduled-rotations)).");

    public static readonly Setting<int> RotationMaxAttempts = Setting.Number(
        "Rotation:MaxAttempts",
        new RotationOptions().MaxAttempts,
        1,
        100,
        "How often Qkms tries a scheduled rotation that breaks down before the job has failed.");

    public static readonly Setting<TimeSpan> RotationRetryDelay = Setting.Duration(
        "Rotation:RetryDelay",
        new RotationOptions().RetryDelay,
        TimeSpan.FromMilliseconds(100),
        RotationOptions.MaxRetryDelay,
        "Time between the first and the second attempt. It doubles with each further attempt, up to an hour.");

    public static readonly Setting<string> AuditUses = Setting.Text(
        "Audit:Uses",
        UseRecording.Durable,
        text => text is UseRecording.Durable or UseRecording.Off,
        "Whether every use of a key is counted and journalled before its response leaves. With `off` only uses of keys with a usage limit "
            + "are ([uses](journal.md#uses)).",
        range: $"{UseRecording.Durable} or {UseRecording.Off}");

    public static readonly Setting<TimeSpan> KeepUses = Setting.Duration(
        "Audit:KeepUses",
        new AuditOptions().KeepUses,
        TimeSpan.FromDays(1),
        TimeSpan.FromDays(3650),
        "How long the journal keeps uses of keys ([trimming](journal.md#trimming)). It keeps changes for good.");

    // Without it the name of the machine: the table must not depend on where it is made.
    public static readonly Setting<string?> NodeName = new(
        "Node:Name",
        "string",
        $"1 to {AuditOptions.MaxNodeLength} letters, digits and ._:-; without it the name of the machine",
        "The name of this node in the journal, which has a stream of uses for each ([several nodes](journal.md#several-nodes)).",
        otherwise: null,
        (string text, out string? value) =>
        {
            value = text;
            return AuditOptions.IsNode(text);
        });

    public static readonly Setting<bool> RefuseWeakHash = Setting.Flag(
        "Signatures:RefuseWeakHash",
        new SignatureOptions().RefuseWeakHash,
        "Whether signing and verifying refuse a hash weaker than the ML-DSA or EC key instead of warning.");

    public static readonly Setting<TimeSpan> DeviceKeyLifetime = Setting.Duration(
        "Devices:KeyLifetime",
        new DeviceOptions().KeyLifetime,
        TimeSpan.FromMinutes(1),
        TimeSpan.FromDays(3650),
        "How long a device encrypts to a key ([devices](devices.md)). Keys that are there keep their end.");

    public static readonly Setting<int> DeviceGenerationsPerDay = Setting.Number(
        "Devices:GenerationsPerDay",
        new DeviceOptions().GenerationsPerDay,
        1,
        100,
        "Maximum number of keys that Qkms generates for a device in any 24 hours, rotations included ([limits](devices.md#limits)).");

    public static readonly Setting<TimeSpan> DeviceRetention = Setting.Duration(
        "Devices:Retention",
        new DeviceOptions().Retention,
        TimeSpan.FromDays(1),
        TimeSpan.FromDays(3650),
        "How long a device's key decrypts after a newer one has replaced it. Keys that are retired already keep their end.");

    public static readonly Setting<string> DeviceOaepHash = Setting.Text(
        "Devices:OaepHash",
        new DeviceOptions().OaepHash,
        text => OaepHash.All.Contains(text, StringComparer.Ordinal),
        "The hash function of RSA-OAEP and its MGF1 for new keys of devices. `SHA-1` is for old clients. Keys that are there keep theirs.",
        range: string.Join(", ", OaepHash.All));

    public static readonly Setting<int> DeviceMaxCiphertext = Setting.Number(
        "Devices:MaxCiphertext",
        new DeviceOptions().MaxCiphertext,
        512,
        32_768,
        "Maximum length of a ciphertext from a device, in bytes.");

    public static readonly Setting<TimeSpan> DeviceFailureWindow = Setting.Duration(
        "Devices:FailureWindow",
        new DeviceOptions().FailureWindow,
        TimeSpan.FromMinutes(1),
        TimeSpan.FromDays(1),
        "The time in which a node counts decryptions with a device's key, to find keys with which many fail "
            + "([failing keys](devices.md#failing-keys)).");

    public static readonly Setting<int> DeviceFailureMinCalls = Setting.Number(
        "Devices:FailureMinCalls",
        new DeviceOptions().FailureMinCalls,
        1,
        1_000_000,
        "Minimum number of decryptions in that time before a key is called failing.");

    public static readonly Setting<int> DeviceFailurePercent = Setting.Number(
        "Devices:FailurePercent",
        new DeviceOptions().FailurePercent,
        1,
        99,
        "Percentage of them that may fail; a key with more is called failing.");

    public static readonly Setting<bool> TenantLabel = Setting.Flag(
        "Telemetry:TenantLabel",
        new TelemetryOptions().TenantLabel,
        "Whether the metric `qkms.operations` has a series for each tenant ([observability](observability.md)).");

    public static readonly Setting<int> ApiKeyPercent = Setting.Number(
        "RateLimits:ApiKeyPercent",
        new RateLimitOptions().ApiKeyPercent,
        50,
        100,
        "Percentage of its tenant's cost units and burst that one API key may use ([rate limits](rate-limits.md)).");

    public static readonly Setting<int> FailuresPerSecond = Setting.Number(
        "RateLimits:FailuresPerSecond",
        new RateLimitOptions().FailuresPerSecond,
        0,
        1_000_000,
        "Requests without a valid API key that one address may send each second; 0 for no limit "
            + "([rate limits](rate-limits.md#by-address)).");

    public static readonly Setting<int> FailureBurst = Setting.Number(
        "RateLimits:FailureBurst",
        new RateLimitOptions().FailureBurst,
        1,
        10_000_000,
        "Requests without a valid API key that one address may send at once.");

    /// <summary>The settings of each plan, the smallest first.</summary>
    public static IReadOnlyList<PlanSettings> Plans { get; } =
        [.. new PlanOptions().Plans.Select(plan => PlanSettings.Of(plan.Key, plan.Value))];

    public static IReadOnlyList<Setting> All { get; } =
    [
        DataDirectory, ShutdownTimeout, DemoKeys, StorageProvider, ConnectionString, Engine, StrictEngine, VerifyAfterSign, AwsEnabled,
        AllowPlaintext, TrustedProxies,
        AllowedOrigins, MaxConcurrentConnections, BodyMemory, ApiKeyPrefix, MaxKeys, MaxAge, SweepInterval, ClockConfirmedAt,
        RotationInterval, RotationMaxAttempts, RotationRetryDelay, AuditUses, KeepUses, NodeName, RefuseWeakHash, DeviceKeyLifetime,
        DeviceGenerationsPerDay, DeviceRetention, DeviceOaepHash, DeviceMaxCiphertext, DeviceFailureWindow, DeviceFailureMinCalls,
        DeviceFailurePercent, TenantLabel, ApiKeyPercent, FailuresPerSecond, FailureBurst, .. Plans.SelectMany(plan => plan.All),
    ];

    private static bool TryParseOrigin(string text, out string origin)
    {
        origin = text;
        return CrossOrigins.IsOrigin(text);
    }

    // An address is a network of its own.
    private static bool TryParseNetwork(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
            return true;

        bool isAddress = IPAddress.TryParse(text, out IPAddress? address);
        if (isAddress)
            network = new IPNetwork(address!, address!.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32);

        return isAddress;
    }
}
