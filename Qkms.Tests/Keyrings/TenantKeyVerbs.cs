using Qkms.Api.Commands;
using Qkms.Api.Hosting;
using Qkms.Core.Lifecycle;
using Qkms.Tests.Tenants;

namespace Qkms.Tests.Keyrings;

/// <summary>What rotates the keys of tenants, and what the database holds of them, in one line each.</summary>
internal static class TenantKeyVerbs
{
    /// <summary>What the command does for one tenant, in the service's own process.</summary>
    public static async Task<TenantKeyOutcome> RotateTenantKeyAsync(this QkmsApplication app, string tenantId) =>
        await app.Services.GetRequiredService<TenantKeyRotation>()
            .RunAsync(new TenantId(Guid.Parse(tenantId)), madeBefore: null, _ => { }, CancellationToken.None)
        ?? throw new InvalidOperationException("The tenant is deleted.");

    /// <summary><c>qkms tenant-key</c>, in this process.</summary>
    public static Task<(int ExitCode, string Output)> RunTenantKeyAsync(string dataDirectory, params string[] arguments) =>
        RunTenantKeyAsync(dataDirectory, TestStorage.SettingsOf(dataDirectory), arguments);

    /// <summary>The same with storage of the test's own.</summary>
    public static async Task<(int ExitCode, string Output)> RunTenantKeyAsync(
        string dataDirectory, IReadOnlyDictionary<string, string> storage, params string[] arguments)
    {
        QkmsSettings settings = TestSettings.Of(dataDirectory, storage);
        using RootKeyEnvironment environment = new();
        await using StringWriter output = new();
        int exitCode = await TenantKeyCommand.RunAsync(
            TenantKeyCommand.Split(arguments),
            settings,
            environment,
            services => Program.AddSnapshot(services, settings),
            services => Program.AddStorage(services, settings),
            output,
            showBar: false);
        return (exitCode, output.ToString());
    }

    /// <summary>The ids of the keys of a tenant that are in use, oldest first.</summary>
    public static IReadOnlyList<Guid> TenantKeysInUse(this Database database, string tenantId) =>
    [
        .. database.Bytes(
            $"SELECT id FROM keyring WHERE tenant_id = {TenantDeletionVerbs.Stored(tenantId)} AND state = 1 ORDER BY version")
            .Select(id => new Guid(id, bigEndian: true)),
    ];

    /// <summary>How many private keys and kept results of a tenant name a key.</summary>
    public static long RowsUnder(this Database database, string tenantId, Guid keyId)
    {
        string of = $"WHERE tenant_id = {TenantDeletionVerbs.Stored(tenantId)} "
            + $"AND wrapping_key_id = {TenantDeletionVerbs.Stored(keyId.ToString())}";
        return (long)database.Scalar($"SELECT COUNT(*) FROM key_material {of}")!
            + (long)database.Scalar($"SELECT COUNT(*) FROM idempotency {of}")!;
    }

    /// <summary>One key of the tenant is in use, and nothing names another; zeros stand where those before were.</summary>
    public static void ShouldHaveOneTenantKey(this Database database, string tenantId, string because = "")
    {
        Guid inUse = database.TenantKeysInUse(tenantId).Should().ContainSingle(because).Which;
        string of = TenantDeletionVerbs.Stored(tenantId);
        string other = $"tenant_id = {of} AND wrapping_key_id <> {TenantDeletionVerbs.Stored(inUse.ToString())}";
        database.Scalar($"SELECT COUNT(*) FROM key_material WHERE {other}").Should().Be(0L, because);
        database.Scalar($"SELECT COUNT(*) FROM idempotency WHERE {other}").Should().Be(0L, because);
        foreach (byte[] gone in database.Bytes($"SELECT wrapped FROM keyring WHERE tenant_id = {of} AND state = 2"))
            gone.Should().OnlyContain(one => one == 0, because);
    }
}
