using Qkms.Tests.Tenants;
using Qkms.Tests.Verification;
using static Qkms.Tests.Tenants.TenantDeletionVerbs;

namespace Qkms.Tests.Integrity;

// V-03
/// <summary>
/// 14.1: whoever can write to the database cannot have the service delete a tenant, bring the key of a deleted one back by its row, or call
/// one deleted whose key lies elsewhere; and the verification tells of what the running service does not see.
/// </summary>
public sealed class PlantedTenantTests : ServiceTests
{
    /// <summary>14.1, F-12: an order that was called off and is put back deletes nothing.</summary>
    [Fact]
    public async Task A_cancelled_order_that_is_put_back_deletes_nothing()
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "planted");
        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        OldRow order = OldRow.Of(App, "tenants", $"id = {Stored(id)}");
        (await Client.CancelTenantDeletionAsync(id)).ShouldBe(HttpStatusCode.OK);
        order.PutBack();

        (await App.DeleteDueAsync(Week)).Should().Be(0);

        ShouldBeNamed($"tenant {id}");
        using (Database database = App.OpenDatabase())
            database.Scalar($"SELECT COUNT(*) FROM keyring WHERE tenant_id = {Stored(id)} AND state = 1").Should().Be(1L);

        await VerifyFindsAsync($"the row of tenant {id} is not the one that its journal says was written last");
        (await Client.CancelTenantDeletionAsync(id)).ShouldBe(HttpStatusCode.OK);
        App.Time.OutliveCaches();
        await theirs.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" });
    }

    /// <summary>14.1: a tenant that waits and gets its old row back lives on; the verification tells.</summary>
    [Fact]
    public async Task An_order_that_is_undone_by_the_row_from_before_is_found()
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "undone");
        OldRow before = OldRow.Of(App, "tenants", $"id = {Stored(id)}");
        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        before.PutBack();

        (await App.DeleteDueAsync(Week)).Should().Be(0);

        (await theirs.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        await VerifyFindsAsync($"the row of tenant {id} is not the one that its journal says was written last");
    }

    /// <summary>14.1: the row of a deleted tenant is replaced by an older one, active or waiting: no key of it can be used.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_stone_of_a_deleted_tenant_that_is_replaced_gives_no_key_back(bool isOrdered)
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "replaced");
        OldRow active = OldRow.Of(App, "tenants", $"id = {Stored(id)}");
        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        OldRow waiting = OldRow.Of(App, "tenants", $"id = {Stored(id)}");
        (await App.DeleteDueAsync(Week)).Should().Be(1);

        (isOrdered ? waiting : active).PutBack();
        (await App.DeleteDueAsync(Week)).Should().Be(0);

        (await theirs.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        using (Database database = App.OpenDatabase())
            database.ShouldHoldNoKeyOf(id);

        await VerifyFindsAsync($"the row of tenant {id} is not the one that its journal says was written last");
        await VerifyFindsAsync($"tenant {id} is not deleted, and its journal has ended");
    }

    /// <summary>14.1: the key of a deleted tenant put back is found, and so is any other row of it.</summary>
    [Theory]
    [InlineData("keyring", "its key is there")]
    [InlineData("credentials", "rows of it are there")]
    [InlineData("devices", "rows of it are there")]
    [InlineData("aliases", "rows of it are there")]
    [InlineData("key_tags", "rows of it are there")]
    [InlineData("idempotency", "rows of it are there")]
    public async Task A_row_of_a_deleted_tenant_that_is_put_back_is_found(string table, string finding)
    {
        (string id, _) = await App.FurnishTenantAsync(Client, "back");
        string[] columns;
        object?[] row;
        using (Database database = App.OpenDatabase())
        {
            columns = [.. database.ColumnNames(table)];
            row = database.Rows($"SELECT {string.Join(", ", columns)} FROM {table} WHERE tenant_id = {Stored(id)}")[0];
        }

        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        (await App.DeleteDueAsync(Week)).Should().Be(1);
        using (Database database = App.OpenDatabase())
        {
            if (table == "keyring")
                database.Execute($"DELETE FROM keyring WHERE tenant_id = {Stored(id)}").Should().Be(1);

            database.Execute(
                $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(column => $"@{column}"))})",
                [.. columns.Select((column, i) => (column, row[i]))]).Should().Be(1);
        }

        await VerifyFindsAsync($"tenant {id} is deleted, and {finding}");
    }

    /// <summary>14.1: a tenant whose key was not found and opened is not called deleted: the key may lie elsewhere.</summary>
    [Theory]
    [InlineData("DELETE FROM keyring WHERE tenant_id = {0}")]
    [InlineData("UPDATE keyring SET tenant_id = zeroblob(16) WHERE tenant_id = {0}")]
    [InlineData("UPDATE keyring SET wrapped = zeroblob(length(wrapped)) WHERE tenant_id = {0}")]
    [InlineData("UPDATE keyring SET state = 2 WHERE tenant_id = {0}")]
    [InlineData("UPDATE tenants SET delete_at = 1 WHERE id = {0}")]
    [InlineData("UPDATE tenants SET delete_ordered_at = 1 WHERE id = {0}")]
    [InlineData("UPDATE tenants SET state = 4, deleted_at = 1 WHERE id = {0}")]
    public async Task A_tenant_with_an_edited_row_or_a_lost_key_is_not_called_deleted(string sql)
    {
        (string id, _) = await App.FurnishTenantAsync(Client, "edited");
        string other = (await Client.CreateTenantAsync("other")).Text("tenant_id");
        foreach (string one in (string[])[id, other])
            (await Client.DeleteTenantAsync(one)).ShouldBe(HttpStatusCode.Accepted);

        using (Database database = App.OpenDatabase())
        {
            database.Execute(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, Stored(id))).Should().Be(1);
            (await App.DeleteDueAsync(Week)).Should().Be(1, "the other one does not wait for it");

            database.Scalar($"SELECT COUNT(*) FROM keys WHERE tenant_id = {Stored(id)}").Should().NotBe(0L);
        }

        (await Client.GetJsonAsync($"/tenants/{other}")).Text("state").Should().Be("deleted");
        ShouldBeNamed($"tenant {id}");
    }

    /// <summary>14.1, F-14: a tenant that somebody removed with all of its rows is missed: the operator's journal tells of it.</summary>
    [Fact]
    public async Task A_tenant_that_was_removed_by_hand_is_missed()
    {
        (string id, _) = await App.FurnishTenantAsync(Client, "removed");
        using (Database database = App.OpenDatabase())
        {
            foreach (string table in database.TablesOf(id))
                database.Execute($"DELETE FROM {table} WHERE tenant_id = {Stored(id)}");

            database.Execute($"DELETE FROM tenants WHERE id = {Stored(id)}").Should().Be(1);
        }

        await VerifyFindsAsync($"the row of tenant {id} is missing, and the journal of an operator tells of it");
    }

    private async Task VerifyFindsAsync(string what)
    {
        (int exitCode, string said) = await Verify.RunAsync(App.DataDirectory);
        exitCode.Should().Be(1, said);
        said.Should().Contain(what);
    }

    private void ShouldBeNamed(string what) => App.Log.Lines.Should().Contain(line =>
        line.StartsWith("Critical ", StringComparison.Ordinal) && line.Contains(what, StringComparison.Ordinal));
}
