using Qkms.Tests.Tenants;
using static Qkms.Tests.Integrity.FilePieces;
using static Qkms.Tests.Tenants.TenantDeletionVerbs;

namespace Qkms.Tests.Integrity;

/// <summary>
/// SQLite's own: after the deletion of a tenant the database file, its log and its index hold no piece of its wrapped key nor of the
/// private keys that this wrapped, though each was there before.
/// </summary>
public sealed class DeletedTenantBytesTests : ServiceTests
{
    private const int Tenants = 60;

    /// <summary>
    /// 14.1: of tenants whose keys fill several pages, deleted alone and between others that stay. A key of another tenant that is
    /// destroyed afterwards is gone too: the deletion has left no copy of it anywhere.
    /// </summary>
    [FactIf(Requirement.Sqlite)]
    public async Task No_file_of_the_database_holds_a_piece_of_the_key_of_a_deleted_tenant()
    {
        string[] ids = new string[Tenants];
        for (int i = 0; i < Tenants; i++)
        {
            Answer made = (await Client.CreateTenantAsync($"n{i}")).ShouldBe(HttpStatusCode.Created);
            ids[i] = made.Text("tenant_id");
            using HttpClient theirs = App.ClientFor(made.InitialApiKey());
            await theirs.GenerateAsync(KeyUseVerbs.Aes);
            await theirs.GenerateAsync(i % 10 == 0 ? "ML-DSA-44" : KeyVerbs.Kem);
            if (i == 4)
                await theirs.FurnishAsync("further");

            await Client.GenerateRetiredAsync(KeyUseVerbs.Aes, $"n{i}");
        }

        string[] deleted = [.. ids.Where((_, i) => i % 4 == 0 || i is > 20 and < 40)];
        byte[][] gone = WrappedOf(deleted);
        byte[][] stays = WrappedOf(ids.Except(deleted));
        gone.Should().HaveCountGreaterThan(3 * deleted.Length);
        ShouldHoldEveryPieceOf(App.DataDirectory, gone);

        foreach (string id in deleted)
            (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);

        (await App.DeleteDueAsync(Week)).Should().Be(deleted.Length);

        ShouldHoldNoPieceOf(App.DataDirectory, gone);
        ShouldHoldEveryPieceOf(App.DataDirectory, stays);
        using (Database database = App.OpenDatabase())
        {
            foreach (string id in deleted)
                database.ShouldHoldNothingOf(id);

            database.Flaws().Should().BeEmpty();
        }

        await OthersAreErasedAsWellAsBeforeAsync();
    }

    private async Task OthersAreErasedAsWellAsBeforeAsync()
    {
        byte[][] wrapped;
        using (Database database = App.OpenDatabase())
        {
            wrapped =
            [
                .. database.Bytes(
                    "SELECT m.wrapped FROM key_material m JOIN key_versions v ON v.id = m.version_id "
                    + "WHERE v.state = 2 AND v.name LIKE 'n%'"),
            ];
        }

        wrapped.Should().HaveCount(Tenants);
        foreach (int i in Enumerable.Range(0, Tenants))
        {
            string kid = (await Client.GetJsonAsync($"/kms/keys/1?algorithm=AES-256&name=n{i}")).Text("kid");
            (await Client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        }

        (await App.SweepAfterAsync(Week)).Should().Be(Tenants);
        ShouldHoldNoPieceOf(App.DataDirectory, wrapped);
    }

    private byte[][] WrappedOf(IEnumerable<string> ids)
    {
        using Database database = App.OpenDatabase();
        return
        [
            .. ids.SelectMany(id => database.Bytes($"SELECT wrapped FROM keyring WHERE tenant_id = {Stored(id)}")
                .Concat(database.Bytes($"SELECT wrapped FROM key_material WHERE tenant_id = {Stored(id)}"))),
        ];
    }
}
