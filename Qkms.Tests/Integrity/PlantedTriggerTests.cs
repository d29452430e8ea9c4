namespace Qkms.Tests.Integrity;

// V-03
/// <summary>
/// F-10: somebody plants triggers in the database while the service runs. SQLite runs none. On PostgreSQL a change that is not stored as it
/// was written is rolled back and answered 500. On neither is anything answered, or journalled, that did not happen.
/// </summary>
public sealed class PlantedTriggerTests : ServiceTests
{
    public static TheoryData<string> Changes => new("generate", "rotate", "retire", "revoke", "destroy", "cancel-deletion");

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_of_state_is_stored_or_refused(string change)
    {
        string retired = (await Client.GenerateRetiredAsync(name: "retired")).Text("kid");
        string waiting = (await Client.GenerateRetiredAsync(name: "waiting")).Text("kid");
        (await Client.DestroyAsync(waiting)).ShouldBe(HttpStatusCode.Accepted);
        string active = (await Client.GenerateAsync()).Text("kid");
        string before = Stored();
        Plant("key_versions", "UPDATE");
        Plant("keys", "UPDATE");

        Answer answer = change switch
        {
            "generate" => await Client.UseAsync("/kms/keys/generate", new { algorithm = KeyVerbs.Kem, name = "retired" }),
            "rotate" => await Client.UseAsync("/kms/keys/rotate", new { algorithm = KeyVerbs.Kem }),
            "retire" => await Client.RetireAsync(1, extra: new { allow_no_active = true }),
            "revoke" => await Client.RevokeAsync(active),
            "destroy" => await Client.DestroyAsync(retired),
            _ => await Client.CancelDeletionAsync(waiting),
        };

        ShouldBeWholeOrRefused(answer, before);
        App.Time.OutliveCaches();
        if (change == "revoke" && !TestStorage.IsPostgres)
            (await Client.UseAsync("/kem/encapsulate", new { kid = active })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
    }

    // A row of another table may be where it happens: whatever is written last is what a trigger can use last.
    [Theory]
    [InlineData("audit_events")]
    [InlineData("writes")]
    public async Task A_trigger_elsewhere_does_not_undo_a_revocation_unseen(string table)
    {
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");
        string before = Stored();
        using (Database database = TestStorage.OpenUntouched(App.DataDirectory))
        {
            database.Execute("CREATE TABLE kept AS SELECT * FROM key_versions");
            database.Execute(TestStorage.IsPostgres
                ? $"""
                  CREATE FUNCTION undo() RETURNS TRIGGER LANGUAGE plpgsql AS $$
                  BEGIN
                    UPDATE key_versions v SET state = k.state, revoked_at = k.revoked_at, seal = k.seal FROM kept k WHERE k.id = v.id;
                    RETURN NULL;
                  END $$;
                  CREATE CONSTRAINT TRIGGER undo AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION undo()
                  """
                : $"""
                  CREATE TRIGGER undo AFTER INSERT ON {table} BEGIN
                    UPDATE key_versions SET (state, revoked_at, seal) =
                      (SELECT state, revoked_at, seal FROM kept WHERE kept.id = key_versions.id);
                  END
                  """);
        }

        ShouldBeWholeOrRefused(await Client.RevokeAsync(kid), before);
    }

    [Fact]
    public async Task A_trigger_that_keeps_the_wrapped_key_keeps_the_version_from_being_called_destroyed()
    {
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");
        (await Client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        Plant("key_material", "UPDATE");

        await App.SweepAfterAsync(TimeSpan.FromDays(7));

        bool isErased = await App.FindMaterialAsync(kid) is null;
        isErased.Should().Be(!TestStorage.IsPostgres, "SQLite runs no trigger");
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be(isErased ? "destroyed" : "pending_destruction");
        App.Log.Lines.Any(line => line.StartsWith("Critical ", StringComparison.Ordinal)).Should().Be(!isErased);
    }

    [Fact]
    public async Task An_api_key_and_a_tenant_are_stored_as_written_or_not_at_all()
    {
        _ = App.InitialApiKey;
        using (Database database = TestStorage.OpenUntouched(App.DataDirectory))
        {
            database.Execute(TestStorage.IsPostgres
                ? """
                  CREATE FUNCTION widen() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN NEW.roles = 15; RETURN NEW; END $$;
                  CREATE TRIGGER widen BEFORE INSERT ON credentials FOR EACH ROW EXECUTE FUNCTION widen()
                  """
                : "CREATE TRIGGER widen AFTER INSERT ON credentials BEGIN UPDATE credentials SET roles = 15 WHERE id = NEW.id; END");
        }

        Func<Task> create = () => App.CreateTenantAsync("other", Core.Callers.Roles.Auditor);

        if (TestStorage.IsPostgres)
            await create.Should().ThrowAsync<Core.Sealing.SealBrokenException>().WithMessage("*credential *did not store it as written*");
        else
            await create();

        using Database after = TestStorage.OpenUntouched(App.DataDirectory);
        after.Scalar("SELECT COUNT(*) FROM tenants").Should().Be(TestStorage.IsPostgres ? 1L : 2L);
        after.Scalar("SELECT COUNT(*) FROM credentials WHERE roles = 15").Should().Be(0L);
    }

    // All or nothing, by what stands there.
    private void ShouldBeWholeOrRefused(Answer answer, string before)
    {
        if (TestStorage.IsPostgres)
        {
            answer.ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
            Stored().Should().Be(before);
            App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
                && line.Contains("Integrity: the protection of key", StringComparison.Ordinal));
        }
        else
        {
            ((int)answer.Status).Should().BeInRange(200, 299, answer.Body);
            Stored().Should().NotBe(before);
        }
    }

    // Every state with its seal, and what the journal says of it.
    private string Stored()
    {
        using Database database = TestStorage.OpenUntouched(App.DataDirectory);
        string hex = TestStorage.IsPostgres ? "encode(seal, 'hex')" : "hex(seal)";
        return string.Join(
            '\n',
            database.Strings($"SELECT kid || ' ' || state || ' ' || {hex} FROM key_versions ORDER BY kid")
                .Concat(database.Strings($"SELECT {hex} FROM keys ORDER BY id"))
                .Concat(database.Strings("SELECT action FROM audit_events WHERE action <> 'integrity.failed' ORDER BY id")));
    }

    // Has every change of a row undo itself.
    private void Plant(string table, string when)
    {
        using Database database = TestStorage.OpenUntouched(App.DataDirectory);
        string columns = string.Join(
            ", ", database.ColumnNames(table).Where(column => column is not ("id" or "version_id" or "tenant_id")));
        string key = table == "key_material" ? "version_id" : "id";
        string old = string.Join(", ", columns.Split(", ").Select(column => $"OLD.{column}"));
        database.Execute(TestStorage.IsPostgres
            ? $"""
              CREATE OR REPLACE FUNCTION undo() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
              CREATE TRIGGER undo BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION undo()
              """
            : $"""
              CREATE TRIGGER undo_{table} AFTER {when} ON {table} BEGIN
                UPDATE {table} SET ({columns}) = ({old}) WHERE {key} = OLD.{key};
              END
              """);
    }
}
