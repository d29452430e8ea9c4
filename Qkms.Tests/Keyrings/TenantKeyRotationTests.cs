using Qkms.Core.Lifecycle;
using Qkms.Tests.Tenants;
using Qkms.Tests.Verification;
using static Qkms.Tests.Tenants.TenantDeletionVerbs;

namespace Qkms.Tests.Keyrings;

/// <summary>
/// The operator's tools, 2: a tenant gets a new key, what the old one wraps is wrapped anew, and the old one is destroyed; beside a service
/// that runs.
/// </summary>
public sealed class TenantKeyRotationTests : ServiceTests
{
    private static readonly TimeSpan _untilKeysAreReadAnew = TimeSpan.FromMinutes(12);

    private protected override QkmsApplication NewApplication() => new() { KeepsHouse = false };

    [Fact]
    public async Task All_that_the_old_key_wraps_is_wrapped_by_the_new_one_and_the_old_one_is_gone()
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "theirs");
        (string otherId, HttpClient others) = await App.FurnishTenantAsync(Client, "others");
        await theirs.GenerateAsync(KeyUseVerbs.Aes, new { name = "kept-text", kid = "kept-text" });
        string ciphertext =
            (await theirs.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=", kid = "kept-text" })).Text("ciphertext");
        string gone = (await theirs.GenerateRetiredAsync(KeyUseVerbs.Aes, "gone")).Text("kid");
        await theirs.DestroyAsync(gone, """{"waiting_days":7}""");
        (await App.SweepAfterAsync(Week)).Should().Be(1);
        (Guid before, Guid ofOthers) = (KeyOf(id), KeyOf(otherId));
        long rows = Ask(database => database.RowsUnder(id, before));

        TenantKeyOutcome outcome = await App.RotateTenantKeyAsync(id);

        outcome.Should().BeEquivalentTo(new TenantKeyOutcome(IsNew: true, Wrapped: rows, Destroyed: 1, Left: []));
        using (Database database = App.OpenDatabase())
        {
            database.ShouldHaveOneTenantKey(id);
            database.TenantKeysInUse(id).Should().NotContain(before);
            database.RowsUnder(id, before).Should().Be(0);
            database.TenantKeysInUse(otherId).Should().Equal(ofOthers);
            database.RowsUnder(otherId, ofOthers).Should().BePositive();
            database.Flaws().Should().BeEmpty();
        }

        App.Time.Pass(_untilKeysAreReadAnew);
        (await theirs.MustUseAsync("/crypto/decrypt", new { ciphertext })).Text("plaintext").Should().Be("aGVsbG8=");
        (await theirs.GenerateAsync(KeyVerbs.Kem, new { name = "new" })).ShouldBe(HttpStatusCode.Created);
        await others.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" });
        Ask(database => database.RowsUnder(id, KeyOf(id))).Should().Be(rows + 1);
        await ShouldVerifyAsync();
        Answer journal = await theirs.GetJsonAsync("/audit/events?actor=host&order=asc");
        JsonNode[] events = [.. journal.Data["events"]!.AsArray().Select(one => one!)];
        events.Select(one => (string)one["action"]!).Should().Equal("tenant_key.rotated", "tenant_key.destroyed");
        ((string)events[0]["from"]!, (string)events[0]["to"]!).Should().Be((before.ToString(), KeyOf(id).ToString()));
        ((string)events[1]["from"]!).Should().Be(before.ToString());
    }

    /// <summary>What was kept for an <c>Idempotency-Key</c> is the answer to it still, and every rotation makes another key.</summary>
    [Fact]
    public async Task Kept_results_outlive_rotations()
    {
        string id = (await App.FirstTenantAsync()).ToString();
        const string body = """{"algorithm":"AES-256","name":"once"}""";
        Answer first = (await Client.PostOnceAsync("once", "/kms/keys/generate", body)).ShouldBe(HttpStatusCode.Created);
        HashSet<Guid> seen = [KeyOf(id)];
        for (int i = 0; i < 3; i++)
        {
            (await App.RotateTenantKeyAsync(id)).IsNew.Should().BeTrue();
            seen.Add(KeyOf(id)).Should().BeTrue();
            (await Client.PostOnceAsync("once", "/kms/keys/generate", body)).Text("kid").Should().Be(first.Text("kid"));
        }

        await ShouldVerifyAsync();
    }

    /// <summary>More rows than one unit writes.</summary>
    [Fact]
    public async Task Many_rows_are_wrapped_piece_by_piece()
    {
        string id = (await App.FirstTenantAsync()).ToString();
        for (int i = 0; i < TenantKeyRotation.Piece + 5; i++)
            await Client.GenerateAsync(KeyUseVerbs.Aes, new { name = $"n{i}" });

        List<long> pieces = [];
        TenantKeyOutcome? outcome = await App.Services.GetRequiredService<TenantKeyRotation>().RunAsync(
            new TenantId(Guid.Parse(id)), madeBefore: null, pieces.Add, CancellationToken.None);

        outcome!.Wrapped.Should().Be(TenantKeyRotation.Piece + 5);
        pieces.Should().Equal(TenantKeyRotation.Piece, 5);
        Ask(database => database.TenantKeysInUse(id)).Should().ContainSingle();
        await ShouldVerifyAsync();
    }

    /// <summary>A private key that was damaged stays under the old key, which stays with it; once it is repaired, both go on.</summary>
    [Fact]
    public async Task What_does_not_open_keeps_the_old_key()
    {
        string id = (await App.FirstTenantAsync()).ToString();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { name = "good", kid = "good" });
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { name = "bad", kid = "bad" });
        Guid old = KeyOf(id);
        const string where = "version_id = (SELECT id FROM key_versions WHERE kid = 'bad')";
        byte[] whole = Ask(database => database.Bytes($"SELECT wrapped FROM key_material WHERE {where}")).Single();
        byte[] cut = [.. whole];
        cut[^1] ^= 1;
        Write(cut);

        TenantKeyOutcome outcome = await App.RotateTenantKeyAsync(id);

        (outcome.IsNew, outcome.Wrapped, outcome.Destroyed).Should().Be((true, 1L, 0));
        outcome.Left.Should().ContainSingle().Which.Should().Contain("bad");
        Ask(database => database.TenantKeysInUse(id)).Should().HaveCount(2);
        Ask(database => database.RowsUnder(id, old)).Should().Be(1);
        App.Time.Pass(_untilKeysAreReadAnew);
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = "good" });

        Write(whole);
        (await App.RotateTenantKeyAsync(id)).Should().BeEquivalentTo(
            new TenantKeyOutcome(IsNew: false, Wrapped: 1, Destroyed: 1, Left: []), "it goes on, and makes no third key");
        Ask(database => database.TenantKeysInUse(id)).Should().ContainSingle();
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = "bad" });
        await ShouldVerifyAsync();

        void Write(byte[] wrapped)
        {
            using Database database = App.OpenDatabase();
            database.Execute($"UPDATE key_material SET wrapped = @wrapped WHERE {where}", ("wrapped", wrapped)).Should().Be(1);
        }
    }

    /// <summary>F-13: the old row of a key that was destroyed opens still; the journal knows better.</summary>
    [Theory]
    [InlineData("put back")]
    [InlineData("newest removed")]
    [InlineData("zeros planted")]
    public async Task What_somebody_does_to_the_rows_of_the_keys_is_found(string attack)
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "theirs");
        theirs.Dispose();
        string of = Stored(id);
        object?[] old = Ask(database => database.Rows($"SELECT id, state, wrapped FROM keyring WHERE tenant_id = {of}")).Single();
        await App.RotateTenantKeyAsync(id);
        if (attack == "newest removed")
            await App.RotateTenantKeyAsync((await App.FirstTenantAsync()).ToString());

        await ShouldVerifyAsync();
        using (Database database = App.OpenDatabase())
        {
            switch (attack)
            {
                case "put back":
                    database.Execute(
                        $"UPDATE keyring SET state = 1, wrapped = @wrapped WHERE tenant_id = {of} AND version = 1", ("wrapped", old[2]));
                    break;
                case "newest removed":
                    // Of a tenant without any rows under it nothing else would be missed.
                    of = Stored((await App.FirstTenantAsync()).ToString());
                    database.Execute($"DELETE FROM keyring WHERE tenant_id = {of} AND version = 2").Should().Be(1);
                    break;
                default:
                    database.Execute(
                        $"UPDATE keyring SET state = 2, wrapped = @wrapped WHERE tenant_id = {of} AND version = 2",
                        ("wrapped", new byte[((byte[])old[2]!).Length])).Should().Be(1);
                    break;
            }
        }

        (int exitCode, string output) = await Verify.RunAsync(App.DataDirectory);
        exitCode.Should().Be(1);
        output.Should().Contain(attack switch
        {
            "put back" => "is destroyed, and its row in keyring was put back",
            "newest removed" => "as the journal says: its row is missing",
            _ => "and the journal does not tell of its destruction",
        });
    }

    /// <summary>The age of a key is that of its id, which nobody can change without the key.</summary>
    [Fact]
    public async Task A_key_that_is_young_is_left_alone_when_that_is_asked()
    {
        string id = (await App.FirstTenantAsync()).ToString();
        Guid before = KeyOf(id);
        TenantKeyRotation rotation = App.Services.GetRequiredService<TenantKeyRotation>();
        DateTimeOffset now = App.Time.GetUtcNow();

        (await rotation.RunAsync(new TenantId(Guid.Parse(id)), now - TimeSpan.FromDays(1), _ => { }, CancellationToken.None))!.IsNew
            .Should().BeFalse();
        KeyOf(id).Should().Be(before);
        (await rotation.RunAsync(new TenantId(Guid.Parse(id)), now + TimeSpan.FromMinutes(1), _ => { }, CancellationToken.None))!.IsNew
            .Should().BeTrue();
        KeyOf(id).Should().NotBe(before);
    }

    /// <summary>
    /// 14.1: a tenant whose key was rotated is deleted like any other; one whose key somebody wrote over with zeros is not.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tenant_with_former_keys_is_deleted(bool isPlanted)
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "theirs");
        theirs.Dispose();
        await App.RotateTenantKeyAsync(id);
        if (isPlanted)
        {
            // A third key, and zeros over the second, which wraps everything: that may lie elsewhere.
            using Database database = App.OpenDatabase();
            Guid second = KeyOf(id);
            (byte[] wrapped, string of) = (new byte[150], Stored(id));
            await AddKeyAsync(id);
            database.Execute(
                $"UPDATE keyring SET state = 2, wrapped = @wrapped WHERE id = {Stored(second.ToString())}", ("wrapped", wrapped))
                .Should().Be(1);
            database.Scalar($"SELECT COUNT(*) FROM keyring WHERE tenant_id = {of}").Should().Be(3L);
        }

        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);

        (await App.DeleteDueAsync(Week)).Should().Be(isPlanted ? 0 : 1);
        using Database after = App.OpenDatabase();
        after.Scalar($"SELECT state FROM tenants WHERE id = {Stored(id)}").Should().Be(isPlanted ? 3L : 4L);
        if (!isPlanted)
            after.TenantKeysInUse(id).Should().BeEmpty();
    }

    /// <summary>14.1: a tenant that is deleted has no key, and gets none.</summary>
    [Fact]
    public async Task A_deleted_tenant_gets_no_key()
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "theirs");
        theirs.Dispose();
        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        (await App.DeleteDueAsync(Week)).Should().Be(1);

        (await App.Services.GetRequiredService<TenantKeyRotation>().RunAsync(
            new TenantId(Guid.Parse(id)), madeBefore: null, _ => { }, CancellationToken.None)).Should().BeNull();

        Ask(database => database.TenantKeysInUse(id)).Should().BeEmpty();
        await ShouldVerifyAsync();
    }

    private async Task AddKeyAsync(string id)
    {
        Keyring keyring = App.Services.GetRequiredService<Keyring>();
        await App.Store().WriteAsync(
            async session =>
            {
                await Repositories.Keyring.InsertAsync(session, keyring.CreateTenantKey(new TenantId(Guid.Parse(id)), version: 3));
                return true;
            },
            CancellationToken.None);
    }

    private Guid KeyOf(string id) => Ask(database => database.TenantKeysInUse(id))[^1];

    private T Ask<T>(Func<Database, T> ask)
    {
        using Database database = App.OpenDatabase();
        return ask(database);
    }

    private async Task ShouldVerifyAsync()
    {
        (int exitCode, string output) = await Verify.RunAsync(App.DataDirectory);
        exitCode.Should().Be(0, output);
    }
}
