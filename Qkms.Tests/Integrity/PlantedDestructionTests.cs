using Qkms.Core.Journal;

namespace Qkms.Tests.Integrity;

// V-03
/// <summary>
/// F-12: whoever can write to the database cannot have the service destroy a key, call one destroyed whose private key is still there, or
/// keep others from being destroyed.
/// </summary>
public sealed class PlantedDestructionTests : ServiceTests
{
    private static readonly TimeSpan _week = TimeSpan.FromDays(7);

    [Fact]
    public async Task A_cancelled_order_that_is_put_back_destroys_nothing()
    {
        string kid = await WaitingAsync("default");
        OldRow order = OldRow.Of(App, "key_versions", $"kid = '{kid}'");
        (await Client.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK);
        order.PutBack();

        (await App.SweepAfterAsync(_week)).Should().Be(0);

        Material(kid).Should().NotBe(0);
        LogShouldName($"key version {kid}");
    }

    // The wrapped key lies elsewhere, or what lies in its place is not it.
    [Theory]
    [InlineData("UPDATE key_material SET version_id = zeroblob(16) WHERE version_id = {0}")]
    [InlineData("UPDATE key_material SET tenant_id = zeroblob(16) WHERE version_id = {0}")]
    [InlineData("DELETE FROM key_material WHERE version_id = {0}")]
    [InlineData("UPDATE key_material SET wrapped = zeroblob(length(wrapped)) WHERE version_id = {0}")]
    [InlineData("UPDATE key_material SET wrapped = x'0102' WHERE version_id = {0}")]
    [InlineData("UPDATE key_material SET format = 7 WHERE version_id = {0}")]
    [InlineData("UPDATE key_material SET wrapping_key_id = zeroblob(16) WHERE version_id = {0}")]
    [InlineData("UPDATE key_material SET wrapped = (SELECT wrapped FROM key_material WHERE version_id <> {0}) WHERE version_id = {0}")]
    public async Task A_version_whose_private_key_was_not_found_and_opened_is_not_called_destroyed(string sql)
    {
        string kid = await WaitingAsync("first");
        string other = await WaitingAsync("other");
        using (Database database = App.OpenDatabase())
        {
            // Nothing else is due with it; what it is moved to is nobody's.
            string id = $"(SELECT id FROM key_versions WHERE kid = '{kid}')";
            database.Execute(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, id)).Should().Be(1);
        }

        (await App.SweepAfterAsync(_week)).Should().Be(1);

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("pending_destruction");
        (await Client.GetJsonAsync($"/kms/keys/{other}")).Text("status").Should().Be("destroyed");
        LogShouldName($"key version {kid}");
    }

    [Theory]
    [InlineData("tenant_id = x'01'")]
    [InlineData("tenant_id = x''")]
    [InlineData("tenant_id = zeroblob(16)")]
    [InlineData("id = x'01'")]
    [InlineData("state = 77")]
    [InlineData("algorithm = 'nonsense'")]
    [InlineData("destroy_at = -9223372036854775807")]
    [InlineData("created_at = 9223372036854775807")]
    [InlineData("key_id = zeroblob(16)")]
    public async Task A_malformed_row_keeps_no_other_version_waiting(string damage)
    {
        string damaged = await WaitingAsync("damaged");
        string other = await WaitingAsync("other");
        using (Database database = App.OpenDatabase())
            database.Execute($"UPDATE key_versions SET {damage} WHERE kid = '{damaged}'").Should().Be(1);

        (await App.SweepAfterAsync(_week)).Should().Be(1);

        (await Client.GetJsonAsync($"/kms/keys/{other}")).Text("status").Should().Be("destroyed");
        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal));
    }

    // SQLite keeps in a column whatever it is given.
    [FactIf(Requirement.Sqlite)]
    public async Task A_row_whose_tenant_is_a_text_keeps_no_other_version_waiting()
    {
        string damaged = await WaitingAsync("damaged");
        string other = await WaitingAsync("other");
        using (Database database = App.OpenDatabase())
            database.Execute($"UPDATE key_versions SET tenant_id = 'acme' WHERE kid = '{damaged}'").Should().Be(1);

        (await App.SweepAfterAsync(_week)).Should().Be(1);

        (await Client.GetJsonAsync($"/kms/keys/{other}")).Text("status").Should().Be("destroyed");
    }

    // A tenant that is not there, a text that is too long for the journal, and no journal at all.
    [Fact]
    public async Task The_alarm_never_fails()
    {
        TenantId tenant = await App.FirstTenantAsync();
        IntegrityAlarm alarm = App.Services.GetRequiredService<IntegrityAlarm>();

        await alarm.RaiseAsync(new TenantId(App.Services.GetRequiredService<IdGenerator>().Next()), "a thing of nobody");
        await alarm.RaiseAsync(tenant, new string('x', 1000));
        await alarm.RaiseAsync(tenant, "a thing with a NUL \0 in it");
        using (Database database = TestStorage.OpenUntouched(App.DataDirectory))
            database.Execute("ALTER TABLE audit_events RENAME TO gone");

        await alarm.RaiseAsync(tenant, "another thing");

        App.Log.Lines.Count(line => line.StartsWith("Critical ", StringComparison.Ordinal)).Should().Be(4);
        App.Log.Lines.Should().Contain(line => line.StartsWith("Error ", StringComparison.Ordinal)
            && line.Contains("the journal could not be written", StringComparison.Ordinal)
            && line.Contains("another thing", StringComparison.Ordinal));
    }

    private long Material(string kid)
    {
        using Database database = App.OpenDatabase();
        string zeros = TestStorage.IsPostgres ? "decode(repeat('00', length(wrapped)), 'hex')" : "zeroblob(length(wrapped))";
        string id = $"(SELECT id FROM key_versions WHERE kid = '{kid}')";
        return (long)database.Scalar($"SELECT COUNT(*) FROM key_material WHERE wrapped <> {zeros} AND version_id = {id}")!;
    }

    private void LogShouldName(string what) => App.Log.Lines.Should().Contain(
        line => line.StartsWith("Critical ", StringComparison.Ordinal) && line.Contains(what, StringComparison.Ordinal));

    private async Task<string> WaitingAsync(string name)
    {
        string kid = (await Client.GenerateRetiredAsync(KeyUseVerbs.Aes, name)).Text("kid");
        (await Client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        return kid;
    }
}
