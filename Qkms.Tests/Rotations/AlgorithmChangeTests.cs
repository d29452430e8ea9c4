namespace Qkms.Tests.Rotations;

/// <summary>A-14: a rotation to another algorithm goes on in the key of that algorithm; the chain crosses keys.</summary>
public sealed class AlgorithmChangeTests : ServiceTests
{
    private const string Rsa = "RSA-2048";

    /// <summary>A-14, A-15: from RSA to ML-KEM, the path of a migration.</summary>
    [Fact]
    public async Task Rsa_goes_over_to_ml_kem()
    {
        Answer rsa = await Client.GenerateAsync(Rsa, new { name = "orders", kid = "rsa-1" });

        Answer kem = (await MigrateAsync("rsa-1", "kyber768", "kem-1")).ShouldBe(HttpStatusCode.OK);

        kem.Text("algorithm").Should().Be("Kyber768");
        kem.Text("algorithm_id").Should().Be("ML-KEM-768");
        kem.Text("name").Should().Be("orders");
        kem.Text("use").Should().Be("enc");
        kem.Number("key_version").Should().Be(1);
        kem.Text("previous_kid").Should().Be("rsa-1");
        kem.Text("key_id").Should().NotBe(rsa.Text("key_id"));
        kem.Data["oaep_hash"].Should().BeNull();
        Answer old = await Client.GetJsonAsync("/kms/keys/rsa-1");
        old.Text("status").Should().Be("retired");
        old.Text("next_kid").Should().Be("kem-1");
        (await Client.GetJsonAsync($"/kms/keys/active?algorithm={Rsa}&name=orders"))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GetJsonAsync("/kms/keys/active?algorithm=ML-KEM-768&name=orders")).Text("kid").Should().Be("kem-1");
        string ciphertext = (await EncryptAsync("kem-1")).Text("ciphertext");
        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext, kid = "kem-1" })).Text("plaintext").Should().Be("aGVsbG8=");
    }

    /// <summary>A-14: an active key of the new algorithm is in the way, and nothing changes.</summary>
    [Fact]
    public async Task An_active_key_of_the_new_algorithm_is_in_the_way()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "aes-1" });
        await Client.GenerateAsync("ML-KEM-768", new { kid = "kem-1" });

        (await MigrateAsync("aes-1", "ML-KEM-768", "kem-2")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_004");

        (await Client.GetJsonAsync("/kms/keys/aes-1")).Text("status").Should().Be("active");
        await Client.RetireAsync(1, "ML-KEM-768", new { allow_no_active = true });
        Answer next = (await MigrateAsync("aes-1", "ML-KEM-768", "kem-2")).ShouldBe(HttpStatusCode.OK);
        next.Number("key_version").Should().Be(2);
        next.Text("previous_kid").Should().Be("aes-1");
        (await Client.GetJsonAsync("/kms/keys/kem-1")).Data["next_kid"].Should().BeNull();
    }

    /// <summary>A-14, A-15: there and back again, and the chain is whole from either end.</summary>
    [Fact]
    public async Task A_chain_comes_back_to_the_first_key()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "aes-1" });
        await MigrateAsync("aes-1", "ML-KEM-768", "kem-1");
        await Client.RotateVersionAsync("kem-1", """{"new_key":{"kid":"kem-2"}}""");

        Answer back = (await MigrateAsync("kem-2", "AES-256", "aes-2")).ShouldBe(HttpStatusCode.OK);

        back.Number("key_version").Should().Be(2);
        string[] chain = ["aes-1", "kem-1", "kem-2", "aes-2"];
        KidsOf(await Client.GetJsonAsync("/kms/keys/aes-1/chain")).Should().Equal(chain);
        KidsOf(await Client.GetJsonAsync("/kms/keys/aes-2/chain?direction=previous")).Should().Equal(chain.Reverse());
        KidsOf(await Client.GetJsonAsync("/kms/keys/kem-1/chain")).Should().Equal(chain[1..]);
        foreach (string kid in chain[..3])
            (await EncryptAsync(kid)).ShouldBe(HttpStatusCode.OK).Text("kid").Should().Be("aes-2", kid);
    }

    /// <summary>A-14: two units that take the same two keys the opposite way round do not wait for each other for ever.</summary>
    [Fact]
    public async Task Migrations_between_two_keys_both_ways_at_once_end()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "aes" });
        await Client.RetireAsync(1, KeyUseVerbs.Aes, new { allow_no_active = true });
        await Client.GenerateAsync("ML-KEM-768", new { kid = "kem" });
        string aes = "aes";
        string kem = "kem";
        for (int round = 0; round < 20; round++)
        {
            Answer[] answers = await Task.WhenAll(
                MigrateAsync(aes, "ML-KEM-768", $"kem-{round}"),
                MigrateAsync(kem, "AES-256", $"aes-{round}"));

            answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK || answer.Status == HttpStatusCode.Conflict);
            answers.Count(answer => answer.Status == HttpStatusCode.OK).Should().BeGreaterThanOrEqualTo(1);
            (await Client.GetJsonAsync("/kms/keys?status=active")).Number("total").Should().BeInRange(1, 2);

            // Begin again: each side's newest version, of which one is active.
            (aes, kem) = (await NewestAsync("AES-256"), await NewestAsync("ML-KEM-768"));
            if ((await Client.GetJsonAsync($"/kms/keys/{aes}")).Text("status") == "active"
                && (await Client.GetJsonAsync($"/kms/keys/{kem}")).Text("status") == "active")
                await Client.UseAsync(
                    "/kms/keys/retire", new { algorithm = "AES-256", key_version = await NumberAsync(aes), allow_no_active = true });
        }

        App.Log.Lines.Should().NotContain(line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    /// <summary>A-18: a retired kid means the active end of its chain, also where that key has others since.</summary>
    [Fact]
    public async Task A_retired_kid_follows_its_chain_into_the_other_key()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "aes-1" });
        await Client.RotateVersionAsync("aes-1", """{"new_key":{"kid":"aes-2"}}""");
        await MigrateAsync("aes-2", "ML-KEM-768", "kem-1");
        (await EncryptAsync("aes-1")).Text("kid").Should().Be("kem-1");
        (await EncryptAsync("aes-2")).Text("kid").Should().Be("kem-1");

        // Another chain begins in the key that this one left.
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "aes-3" });
        App.Time.OutliveCaches();

        (await EncryptAsync("aes-1")).Text("kid").Should().Be("kem-1");
        Answer used = await EncryptAsync("aes-2");
        used.Text("kid").Should().Be("kem-1");
        used.Text("requested_kid").Should().Be("aes-2");
        await Client.RevokeAsync("kem-1");
        (await EncryptAsync("aes-2")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (await EncryptAsync("aes-1")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
    }

    /// <summary>A-14: a version of the key that was left is not found changed, whatever the other key does.</summary>
    [Fact]
    public async Task The_key_that_was_left_goes_on_by_generating()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "aes-1" });
        await MigrateAsync("aes-1", "ML-KEM-768", "kem-1");

        (await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        Answer next = await Client.GenerateAsync(KeyUseVerbs.Aes);
        next.Number("key_version").Should().Be(2);
        next.Data["previous_kid"].Should().BeNull();
    }

    private Task<Answer> MigrateAsync(string from, string algorithm, string kid) => Client.RotateVersionAsync(
        from, $$"""{"new_key":{"kid":"{{kid}}","algorithm":"{{algorithm}}"},"allow_algorithm_change":true}""");

    private Task<Answer> EncryptAsync(string kid) => Client.UseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=", kid });

    private async Task<string> NewestAsync(string algorithm) =>
        (string)(await Client.GetJsonAsync($"/kms/keys?algorithm={algorithm}&limit=1")).Data["keys"]![0]!["kid"]!;

    private async Task<int> NumberAsync(string kid) => (await Client.GetJsonAsync($"/kms/keys/{kid}")).Number("key_version");

    private static IEnumerable<string> KidsOf(Answer page) =>
        page.ShouldBe(HttpStatusCode.OK).Data["versions"]!.AsArray().Select(version => (string)version!["kid"]!);
}
