using System.Globalization;
using Qkms.Core.ApiKeys;
using Qkms.Core.Cryptography;
using Qkms.Core.Lifecycle;
using Qkms.Core.Signatures;
using Qkms.Core.Telemetry;
using Qkms.Core.Uses;

namespace Qkms.Api.Hosting;

/// <summary>The settings of the service, read once at the start. Each can be an environment variable: <c>Qkms__Section__Name</c>.</summary>
internal sealed record QkmsSettings
{
    private const string Section = "Qkms";

    private static readonly TimeSpan _shortestShutdown = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestShutdown = TimeSpan.FromMinutes(10);

    // Below the 30 seconds after which Kubernetes kills.
    private static readonly TimeSpan _usualShutdown = TimeSpan.FromSeconds(25);

    private static readonly string[] _names = ["DataDirectory", "ShutdownTimeout", "Crypto:Engine", "Crypto:StrictEngine", "Http:AllowPlaintext", "ApiKeys:Prefix", "Materials:MaxKeys", "Materials:MaxAge", "Signatures:RefuseWeakHash", "Storage:Provider", "Storage:ConnectionString", "Destruction:SweepInterval", "Telemetry:TenantLabel"];

    /// <summary><c>Qkms:DataDirectory</c>: where the database, the root key and the first API key lie; relative to the current directory.</summary>
    public required string DataDirectory { get; init; }

    /// <summary><c>Qkms:ShutdownTimeout</c>: how long requests under way may take to end after the service was told to stop.</summary>
    public required TimeSpan ShutdownTimeout { get; init; }

    /// <summary><c>Qkms:Crypto:Engine</c>: <c>bouncycastle</c>, <c>platform</c> or <c>managed</c>.</summary>
    public required string Engine { get; init; }

    /// <summary><c>Qkms:Crypto:StrictEngine</c>: whether what the engine does not have is refused, and not left to the managed engine.</summary>
    public required bool StrictEngine { get; init; }

    /// <summary><c>Qkms:Http:AllowPlaintext</c>: whether HTTP without TLS may be served on other addresses than loopback.</summary>
    public required bool AllowPlaintext { get; init; }

    /// <summary><c>Qkms:ApiKeys:*</c>.</summary>
    public required ApiKeyOptions ApiKeys { get; init; }

    /// <summary><c>Qkms:Materials:*</c>.</summary>
    public required MaterialCacheOptions Materials { get; init; }

    /// <summary><c>Qkms:Signatures:*</c>.</summary>
    public required SignatureOptions Signatures { get; init; }

    /// <summary><c>Qkms:Storage:*</c>.</summary>
    public required StorageSettings Storage { get; init; }

    /// <summary><c>Qkms:Destruction:*</c>.</summary>
    public required DestructionOptions Destruction { get; init; }

    /// <summary><c>Qkms:Telemetry:*</c>.</summary>
    public required TelemetryOptions Telemetry { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">One is out of range, or there is no such setting; the message names it.</exception>
    public static QkmsSettings From(IConfiguration configuration)
    {
        IConfigurationSection qkms = configuration.GetSection(Section);
        RefuseUnknown(qkms);
        QkmsSettings settings = new()
        {
            DataDirectory = Path.GetFullPath(Text(qkms, "DataDirectory", "qkms-data")),
            ShutdownTimeout = Duration(qkms, "ShutdownTimeout", _usualShutdown),
            Engine = Text(qkms, "Crypto:Engine", PqcEngines.BouncyCastle),
            StrictEngine = Flag(qkms, "Crypto:StrictEngine", false),
            AllowPlaintext = Flag(qkms, "Http:AllowPlaintext", false),
            ApiKeys = new ApiKeyOptions { Prefix = Text(qkms, "ApiKeys:Prefix", new ApiKeyOptions().Prefix) },
            Signatures = new SignatureOptions { RefuseWeakHash = Flag(qkms, "Signatures:RefuseWeakHash", false) },
            Materials = ReadMaterials(qkms, new MaterialCacheOptions()),
            Storage = StorageSettings.From(qkms.GetSection("Storage")),
            Destruction = new DestructionOptions { SweepInterval = Duration(qkms, "Destruction:SweepInterval", new DestructionOptions().SweepInterval) },
            Telemetry = new TelemetryOptions { TenantLabel = Flag(qkms, "Telemetry:TenantLabel", false) },
        };
        if (settings.ShutdownTimeout < _shortestShutdown || settings.ShutdownTimeout > _longestShutdown)
            throw Bad(qkms, "ShutdownTimeout", $"must be from {_shortestShutdown:c} to {_longestShutdown:c}");

        settings.ApiKeys.Validate();
        settings.Materials.Validate();
        settings.Destruction.Validate();
        return settings;
    }

    private static MaterialCacheOptions ReadMaterials(IConfigurationSection section, MaterialCacheOptions defaults) => new()
    {
        MaxKeys = Number(section, "Materials:MaxKeys", defaults.MaxKeys),
        MaxAge = Duration(section, "Materials:MaxAge", defaults.MaxAge),
    };

    // A mistyped name would otherwise start a new, empty installation with a root key of its own.
    private static void RefuseUnknown(IConfigurationSection qkms)
    {
        foreach ((string name, string? value) in qkms.AsEnumerable(makePathsRelative: true))
        {
            // Some sources give a section itself an empty value.
            bool isSection = string.IsNullOrEmpty(value) && Array.Exists(_names, known => known.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase));
            if (value is not null && !isSection && !_names.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw new SettingsException($"{Section}:{name} is not a setting. There are: {string.Join(", ", _names.Select(known => $"{Section}:{known}"))}.");
        }
    }

    private static string Text(IConfigurationSection section, string key, string otherwise) =>
        section[key] is { } value ? (value.Length > 0 ? value : throw Bad(section, key, "must not be empty")) : otherwise;

    private static bool Flag(IConfigurationSection section, string key, bool otherwise) =>
        section[key] is { } value ? (bool.TryParse(value, out bool flag) ? flag : throw Bad(section, key, "must be true or false")) : otherwise;

    private static int Number(IConfigurationSection section, string key, int otherwise) =>
        section[key] is { } value
            ? (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw Bad(section, key, "must be a whole number"))
            : otherwise;

    private static TimeSpan Duration(IConfigurationSection section, string key, TimeSpan otherwise) =>
        section[key] is { } value
            ? (TimeSpan.TryParseExact(value, "c", CultureInfo.InvariantCulture, out TimeSpan span) ? span : throw Bad(section, key, "must be a duration such as 00:10:00"))
            : otherwise;

    private static SettingsException Bad(IConfigurationSection section, string key, string rule) => new($"{section.Path}:{key} {rule}.");
}
