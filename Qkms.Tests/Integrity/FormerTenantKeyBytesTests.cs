using Qkms.Tests.Keyrings;
using Qkms.Tests.Tenants;
using static Qkms.Tests.Integrity.FilePieces;
using static Qkms.Tests.Tenants.TenantDeletionVerbs;

namespace Qkms.Tests.Integrity;

/// <summary>
/// SQLite's own: after a rotation the database file and its log hold no piece of the tenant's old key, nor of what it wrapped, though each
/// was there before.
/// </summary>
public sealed class FormerTenantKeyBytesTests
{
    private const int Tenants = 30;

    [FactIf(Requirement.Sqlite)]
    public async Task No_file_of_the_database_holds_a_piece_of_an_old_tenant_key_or_of_what_it_wrapped()
    {
        using TemporaryDirectory directory = new();
        List<string> ids = [];
        byte[][] gone;
        await using (QkmsApplication app = new(directory.Path))
        {
            using HttpClient client = app.Client();
            for (int i = 0; i < Tenants; i++)
            {
                (string id, HttpClient theirs) = await app.FurnishTenantAsync(client, $"n{i}");
                ids.Add(id);
                theirs.Dispose();
            }

            using Database database = app.OpenDatabase();
            gone = [.. ids.SelectMany(id => WrappedOf(database, id))];
            gone.Should().HaveCountGreaterThan(5 * Tenants);
            ShouldHoldEveryPieceOf(directory.Path, gone);
        }

        (int exitCode, string output) = await TenantKeyVerbs.RunTenantKeyAsync(directory.Path, "rotate", "--all");
        exitCode.Should().Be(0, output);

        ShouldHoldNoPieceOf(directory.Path, gone);
        using Database after = TestStorage.Open(directory.Path);
        ShouldHoldEveryPieceOf(directory.Path, ids.SelectMany(id => WrappedOf(after, id)));
        after.Flaws().Should().BeEmpty();
    }

    private static IEnumerable<byte[]> WrappedOf(Database database, string id) =>
    [
        .. database.Bytes($"SELECT wrapped FROM keyring WHERE tenant_id = {Stored(id)} AND state = 1"),
        .. database.Bytes($"SELECT wrapped FROM key_material WHERE tenant_id = {Stored(id)}"),
    ];
}
