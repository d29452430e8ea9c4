namespace Qkms.Api.Hosting;

/// <summary><c>Qkms:Storage:*</c>. A class and not a record: nothing prints the connection string, which may hold a password.</summary>
internal sealed class StorageSettings
{
    private const string Sqlite = "sqlite";
    private const string Postgres = "postgresql";

    private StorageSettings(string? connectionString) => ConnectionString = connectionString;

    /// <summary><c>Qkms:Storage:ConnectionString</c> of the shared database; null with <c>Qkms:Storage:Provider</c> <c>sqlite</c>, the default.</summary>
    public string? ConnectionString { get; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">The provider is unknown, or it and the connection string do not go together.</exception>
    public static StorageSettings From(IConfigurationSection storage)
    {
        string provider = storage["Provider"] ?? Sqlite;
        string? connectionString = storage["ConnectionString"];
        return (provider, connectionString) switch
        {
            // Served silently by an empty SQLite database, the keys in the other one would seem to be gone.
            (Sqlite, not null) => throw new SettingsException($"{storage.Path}:ConnectionString is set and {storage.Path}:Provider is '{Sqlite}', which has none: set the provider to '{Postgres}', or leave the connection string out."),
            (Sqlite, null) => new StorageSettings(connectionString: null),
            (Postgres, null or "") => throw new SettingsException($"{storage.Path}:Provider is '{Postgres}', so {storage.Path}:ConnectionString must be set: Host=db.example;Database=qkms;Username=qkms;Password=…;SSL Mode=VerifyFull"),
            (Postgres, _) => new StorageSettings(connectionString),
            _ => throw new SettingsException($"{storage.Path}:Provider must be '{Sqlite}' or '{Postgres}'."),
        };
    }
}
