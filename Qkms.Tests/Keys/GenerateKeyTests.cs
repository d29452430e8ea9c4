namespace Qkms.Tests.Keys;

public sealed class GenerateKeyTests : SharedServiceTests
{
    // Q-10, Q-12, Q-20: sizes are those of FIPS 203 table 3 and FIPS 204 table 2.
    [Theory]
    [InlineData("ML-KEM-512", "ML-KEM-512", "enc", 800)]
    [InlineData("Kyber512", "ML-KEM-512", "enc", 800)]
    [InlineData("ML-KEM-768", "ML-KEM-768", "enc", 1184)]
    [InlineData("Kyber768", "ML-KEM-768", "enc", 1184)]
    [InlineData("ML-KEM-1024", "ML-KEM-1024", "enc", 1568)]
    [InlineData("Kyber1024", "ML-KEM-1024", "enc", 1568)]
    [InlineData("ML-DSA-44", "ML-DSA-44", "sig", 1312)]
    [InlineData("Dilithium2", "ML-DSA-44", "sig", 1312)]
    [InlineData("ML-DSA-65", "ML-DSA-65", "sig", 1952)]
    [InlineData("Dilithium3", "ML-DSA-65", "sig", 1952)]
    [InlineData("ML-DSA-87", "ML-DSA-87", "sig", 2592)]
    [InlineData("Dilithium5", "ML-DSA-87", "sig", 2592)]
    public async Task A_post_quantum_key_is_made_with_the_standards_sizes(string spelling, string canonical, string use, int size)
    {
        Answer answer = await Client.GenerateAsync(spelling);

        answer.Data.AsObject().Select(m => m.Key).Should().BeEquivalentTo(
            "kid", "key_id", "key_version", "name", "algorithm", "algorithm_id", "use", "status", "public_key", "oaep_hash",
            "created_at", "previous_kid", "next_kid", "soft_usage_limit", "max_usage_limit", "soft_limit_expiration", "expires_at",
            "process_until", "auto_rotate", "rotation_period", "next_rotation_at", "usage_count", "last_used_at", "labels",
            "retired_at", "revoked_at", "destroy_at", "destroyed_at");
        answer.Number("key_version").Should().Be(1);
        answer.Text("algorithm").Should().Be(spelling);
        answer.Text("algorithm_id").Should().Be(canonical);
        answer.Text("use").Should().Be(use);
        answer.Text("status").Should().Be("active");
        answer.Text("name").Should().Be("default");
        answer.Data["previous_kid"].Should().BeNull();
        Convert.FromBase64String(answer.Text("public_key")).Should().HaveCount(size);
        Guid.Parse(answer.Text("kid")).Version.Should().Be(7);
        answer.Headers["Location"].Should().Be($"/kms/keys/{answer.Text("kid")}");
        (await Client.GetJsonAsync(answer.Headers["Location"])).Text("algorithm")
            .Should().Be(spelling, "an answer repeats the spelling of the generation");
    }

    // Q-20
    [Theory]
    [InlineData("RSA-2048", 2048)]
    [InlineData("RSA-3072", 3072)]
    [InlineData("RSA-4096", 4096)]
    public async Task An_rsa_key_is_made_with_its_public_key_as_spki(string algorithm, int bits)
    {
        Answer answer = await Client.GenerateAsync(algorithm);

        using RSA rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(Convert.FromBase64String(answer.Text("public_key")), out _);
        rsa.KeySize.Should().Be(bits);
        answer.Text("use").Should().Be("enc");
        answer.Text("oaep_hash").Should().Be("SHA-256");
    }

    [Fact]
    public async Task An_rsa_key_for_signatures_stands_beside_one_for_encryption()
    {
        Answer encryption = await Client.GenerateAsync("RSA-2048", new { oaep_hash = "SHA-512" });
        Answer signature = await Client.GenerateAsync("RSA-2048", new { use = "sig" });

        encryption.Text("oaep_hash").Should().Be("SHA-512");
        signature.Data["oaep_hash"].Should().BeNull();
        signature.Text("key_id").Should().NotBe(encryption.Text("key_id"));
        (await Client.GetJsonAsync("/kms/keys/active?algorithm=RSA-2048&use=sig")).Text("kid").Should().Be(signature.Text("kid"));
        (await Client.GetJsonAsync("/kms/keys/active?algorithm=RSA-2048")).Text("kid").Should().Be(encryption.Text("kid"));
    }

    // Q-21
    [Fact]
    public async Task A_second_active_key_is_refused_whatever_the_spelling()
    {
        await Client.GenerateAsync("ML-KEM-768");

        Answer second = await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"Kyber768"}""");

        second.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_004");
        await Client.GenerateAsync("ML-KEM-768", new { name = "payments/eu" });
        await Client.GenerateAsync("ML-KEM-512");
    }

    // Q-21
    [Fact]
    public async Task Of_64_generates_at_once_exactly_one_succeeds()
    {
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 64)
            .Select(_ => Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-768"}""")));

        answers.Count(a => a.Status == HttpStatusCode.Created).Should().Be(1);
        answers.Count(a => a.Status == HttpStatusCode.Conflict && a.ErrorCode == "ERR_KMS_004").Should().Be(63);
        JsonNode list = (await Client.GetJsonAsync("/kms/keys")).Data;
        ((int)list["total"]!).Should().Be(1);
    }

    [Fact]
    public async Task A_kid_of_the_callers_own_is_taken_once()
    {
        Answer first = await Client.GenerateAsync("ML-KEM-768", new { kid = "my.key_1" });
        Answer taken = await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-512","kid":"my.key_1"}""");

        first.Text("kid").Should().Be("my.key_1");
        taken.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        taken.Blamed.First().Should().Be("kid");
    }

    [Fact]
    public async Task Of_32_generates_of_one_kid_exactly_one_succeeds()
    {
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 32)
            .Select(i => Client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"ML-KEM-512","name":"n{{i}}","kid":"same"}""")));

        answers.Count(a => a.Status == HttpStatusCode.Created).Should().Be(1);
        answers.Count(a => a.Status == HttpStatusCode.Conflict && a.ErrorCode == "ERR_KMS_009").Should().Be(31);
    }

    // Q-11
    [Fact]
    public async Task An_unknown_algorithm_is_refused_with_the_list_of_known_ones()
    {
        Answer answer = await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"Kyber-768"}""");

        answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        foreach (string name in new[] { "ML-KEM-768", "Kyber768", "ML-DSA-65", "Dilithium3", "RSA-4096" })
            answer.Message.Should().Contain(name);
    }

    [Theory]
    [InlineData("""{"algorithm":"ML-KEM-768","use":"sig"}""", "use")]
    [InlineData("""{"algorithm":"ML-DSA-65","use":"enc"}""", "use")]
    [InlineData("""{"algorithm":"RSA-2048","use":"both"}""", "use")]
    [InlineData("""{"algorithm":"ML-KEM-768","oaep_hash":"SHA-256"}""", "oaep_hash")]
    [InlineData("""{"algorithm":"RSA-2048","use":"sig","oaep_hash":"SHA-256"}""", "oaep_hash")]
    [InlineData("""{"algorithm":"RSA-2048","oaep_hash":"MD5"}""", "oaep_hash")]
    [InlineData("""{"algorithm":"ML-KEM-768","name":""}""", "name")]
    [InlineData("""{"algorithm":"ML-KEM-768","name":"a//b"}""", "name")]
    [InlineData("""{"algorithm":"ML-KEM-768","name":"../x"}""", "name")]
    [InlineData("""{"algorithm":"ML-KEM-768","kid":"123"}""", "kid")]
    [InlineData("""{"algorithm":"ML-KEM-768","kid":"a..b"}""", "kid")]
    [InlineData("""{"algorithm":"ML-KEM-768","kid":"active"}""", "kid")]
    [InlineData("""{"algorithm":"ML-KEM-768","kid":"Rotate"}""", "kid")]
    [InlineData("""{"algorithm":"ML-KEM-768","kid":"-a"}""", "kid")]
    [InlineData("""{"algorithm":"ML-KEM-768","kid":"kid\n"}""", "kid")]
    [InlineData("""{"algorithm":"ML-KEM-768","kid":"schlüssel"}""", "kid")]
    public async Task A_field_that_does_not_fit_is_named(string body, string field)
    {
        Answer answer = await Client.PostJsonAsync("/kms/keys/generate", body);

        answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        answer.Blamed.Should().Contain(field);
        ((int)(await Client.GetJsonAsync("/kms/keys")).Data["total"]!).Should().Be(0);
    }
}
