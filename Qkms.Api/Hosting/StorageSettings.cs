namespace Qkms.Api.Hosting;

/// <summary><c>Qkms:Storage:*</c>. A class and not a record: nothing prints the connection string, which may hold a password.</summary>
internal sealed class StorageSettings
{
    private StorageSettings(string? connectionString) => ConnectionString = connectionString;

    /// <summary>The shared database; null with SQLite.</summary>
    public string? ConnectionString { get; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">The provider is unknown, or it and the connection string do not go together.</exception>
    public static StorageSettings From(IConfiguration configuration)
    {
        string provider = SettingCatalogue.StorageProvider.Read(configuration);
        string? connectionString = SettingCatalogue.ConnectionString.Read(configuration);
        string providerKey = SettingCatalogue.StorageProvider.Key;
        string connectionKey = SettingCatalogue.ConnectionString.Key;
        return (provider, connectionString) switch
        {
            (SettingCatalogue.Sqlite, null) => new StorageSettings(connectionString: null),

            // Served silently by an empty SQLite database, the keys in the other one would seem to be gone.
            (SettingCatalogue.Sqlite, _) => throw new SettingsException(
                $"{connectionKey} is set, but {providerKey} is '{SettingCatalogue.Sqlite}', which has none: "
                + $"set the provider to '{SettingCatalogue.Postgres}', or remove the connection string."),
            (_, null or "") => throw new SettingsException(
                $"{providerKey} is '{SettingCatalogue.Postgres}', so {connectionKey} must be set: "
                + "Host=db.example;Database=qkms;Username=qkms;Password=…;SSL Mode=VerifyFull"),
            _ => new StorageSettings(connectionString),
        };
    }
}
