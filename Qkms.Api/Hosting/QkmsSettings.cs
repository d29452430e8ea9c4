using System.Net;
using Qkms.Core.ApiKeys;
using Qkms.Core.Devices;
using Qkms.Core.Journal;
using Qkms.Core.Lifecycle;
using Qkms.Core.Signatures;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Api.Hosting;

/// <summary>The settings of the service, read once at the start. <see cref="SettingCatalogue"/> says what each means and may be.</summary>
internal sealed record QkmsSettings
{
    public required string DataDirectory { get; init; }
    public required TimeSpan ShutdownTimeout { get; init; }
    public required bool DemoKeys { get; init; }
    public required string Engine { get; init; }
    public required bool StrictEngine { get; init; }
    public required bool VerifyAfterSign { get; init; }
    public required bool AllowPlaintext { get; init; }
    public required bool AwsEnabled { get; init; }
    public required IReadOnlyList<IPNetwork> TrustedProxies { get; init; }
    public required IReadOnlyList<string> AllowedOrigins { get; init; }
    public required HttpLimits Http { get; init; }
    public required ApiKeyOptions ApiKeys { get; init; }
    public required MaterialCacheOptions Materials { get; init; }
    public required SignatureOptions Signatures { get; init; }
    public required StorageSettings Storage { get; init; }
    public required DestructionOptions Destruction { get; init; }
    public required RotationOptions Rotation { get; init; }
    public required AuditOptions Audit { get; init; }
    public required DeviceOptions Devices { get; init; }
    public required TelemetryOptions Telemetry { get; init; }
    public required RateLimitOptions RateLimits { get; init; }
    public required PlanOptions Plans { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">A value is not allowed, or there is no such setting; the message names it.</exception>
    public static QkmsSettings From(IConfiguration configuration)
    {
        RefuseUnknown(configuration.GetSection(Setting.Section));
        KestrelSettings.Check(configuration.GetSection(KestrelSettings.Section));
        CheckLogLevels(configuration.GetSection("Logging"));
        return new QkmsSettings
        {
            DataDirectory = Path.GetFullPath(SettingCatalogue.DataDirectory.Read(configuration)),
            ShutdownTimeout = SettingCatalogue.ShutdownTimeout.Read(configuration),
            DemoKeys = SettingCatalogue.DemoKeys.Read(configuration),
            Engine = SettingCatalogue.Engine.Read(configuration),
            StrictEngine = SettingCatalogue.StrictEngine.Read(configuration),
            VerifyAfterSign = SettingCatalogue.VerifyAfterSign.Read(configuration),
            AllowPlaintext = SettingCatalogue.AllowPlaintext.Read(configuration),
            AwsEnabled = SettingCatalogue.AwsEnabled.Read(configuration),
            TrustedProxies = SettingCatalogue.TrustedProxies.Read(configuration),
            AllowedOrigins = SettingCatalogue.AllowedOrigins.Read(configuration),
            Http = new HttpLimits
            {
                MaxConcurrentConnections = SettingCatalogue.MaxConcurrentConnections.Read(configuration),
                BodyMemory = SettingCatalogue.BodyMemory.Read(configuration),
            },
            ApiKeys = new ApiKeyOptions { Prefix = SettingCatalogue.ApiKeyPrefix.Read(configuration) },
            Materials = new MaterialCacheOptions
            {
                MaxKeys = SettingCatalogue.MaxKeys.Read(configuration),
                MaxAge = SettingCatalogue.MaxAge.Read(configuration),
            },
            Signatures = new SignatureOptions { RefuseWeakHash = SettingCatalogue.RefuseWeakHash.Read(configuration) },
            Storage = StorageSettings.From(configuration),
            Destruction = new DestructionOptions
            {
                SweepInterval = SettingCatalogue.SweepInterval.Read(configuration),
                LongestRetention = SettingCatalogue.DeviceRetention.Read(configuration),
                ClockConfirmedAt = SettingCatalogue.ClockConfirmedAt.Read(configuration),
            },
            Rotation = new RotationOptions
            {
                Interval = SettingCatalogue.RotationInterval.Read(configuration),
                MaxAttempts = SettingCatalogue.RotationMaxAttempts.Read(configuration),
                RetryDelay = SettingCatalogue.RotationRetryDelay.Read(configuration),
            },
            Audit = AuditFrom(configuration),
            Devices = new DeviceOptions
            {
                KeyLifetime = SettingCatalogue.DeviceKeyLifetime.Read(configuration),
                GenerationsPerDay = SettingCatalogue.DeviceGenerationsPerDay.Read(configuration),
                Retention = SettingCatalogue.DeviceRetention.Read(configuration),
                OaepHash = SettingCatalogue.DeviceOaepHash.Read(configuration),
                MaxCiphertext = SettingCatalogue.DeviceMaxCiphertext.Read(configuration),
                FailureWindow = SettingCatalogue.DeviceFailureWindow.Read(configuration),
                FailureMinCalls = SettingCatalogue.DeviceFailureMinCalls.Read(configuration),
                FailurePercent = SettingCatalogue.DeviceFailurePercent.Read(configuration),
            },
            Telemetry = new TelemetryOptions { TenantLabel = SettingCatalogue.TenantLabel.Read(configuration) },
            RateLimits = new RateLimitOptions
            {
                ApiKeyPercent = SettingCatalogue.ApiKeyPercent.Read(configuration),
                FailuresPerSecond = SettingCatalogue.FailuresPerSecond.Read(configuration),
                FailureBurst = SettingCatalogue.FailureBurst.Read(configuration),
            },
            Plans = new PlanOptions
            {
                Plans = SettingCatalogue.Plans.ToDictionary(
                    plan => plan.Name, plan => plan.Read(configuration), StringComparer.Ordinal),
            },
        };
    }

    private static AuditOptions AuditFrom(IConfiguration configuration)
    {
        AuditOptions audit = new()
        {
            RecordsEveryUse = SettingCatalogue.AuditUses.Read(configuration) == UseRecording.Durable,
            KeepUses = SettingCatalogue.KeepUses.Read(configuration),
        };
        return SettingCatalogue.NodeName.Read(configuration) is { } name ? audit with { Node = name } : audit;
    }

    // A mistyped name would otherwise start a new, empty installation with a root key of its own.
    private static void RefuseUnknown(IConfigurationSection qkms)
    {
        foreach ((string name, string? value) in qkms.AsEnumerable(makePathsRelative: true))
        {
            // Some sources give a section itself an empty value.
            bool isSection = string.IsNullOrEmpty(value)
                && SettingCatalogue.All.Any(setting => setting.Name.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase));
            bool isSetting = SettingCatalogue.All.Any(setting => setting.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (!isSection && !isSetting)
            {
                string[] known = [.. SettingCatalogue.All.Select(setting => setting.Key)];
                string hint = NearestName.Hint($"{Setting.Section}:{name}", known, $"The settings are: {string.Join(", ", known)}.");
                throw new SettingsException($"{Setting.Section}:{name} is not a setting. {hint}");
            }
        }
    }

    private static void CheckLogLevels(IConfigurationSection logging)
    {
        foreach ((string name, string? value) in logging.AsEnumerable())
        {
            bool isLevel = name.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase) && value is not null;
            if (isLevel && !Enum.TryParse(value, ignoreCase: true, out LogLevel _))
                throw new SettingsException($"{name} must be one of {string.Join(", ", Enum.GetNames<LogLevel>())}.");
        }
    }
}
