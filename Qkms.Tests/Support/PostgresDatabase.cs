namespace Qkms.Tests.Support;

/// <summary>A database of one test's own, gone with it.</summary>
internal sealed class PostgresDatabase(string name, string connectionString) : IDisposable
{
    public string Name { get; } = name;

    public string ConnectionString { get; } = connectionString;

    public void Dispose() => PostgresServer.Execute($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");
}
