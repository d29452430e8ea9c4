namespace Qkms.Tests.Keys;

/// <summary>F-88: names of algorithms are read in any case, and written as the catalogue does.</summary>
public sealed class SpellingTests : ServiceTests
{
    private static readonly byte[] _hello = "hello"u8.ToArray();

    /// <summary>F-88: in bodies, paths and filters.</summary>
    [Theory]
    [InlineData("aes-256", "AES-256", "AES-256")]
    [InlineData("kyber768", "Kyber768", "ML-KEM-768")]
    [InlineData("KYBER512", "Kyber512", "ML-KEM-512")]
    [InlineData("Ml-Kem-1024", "ML-KEM-1024", "ML-KEM-1024")]
    [InlineData("dilithium2", "Dilithium2", "ML-DSA-44")]
    [InlineData("ml-dsa-65", "ML-DSA-65", "ML-DSA-65")]
    [InlineData("rsa-2048", "RSA-2048", "RSA-2048")]
    [InlineData("ED25519", "Ed25519", "Ed25519")]
    public async Task Any_case_means_the_same(string text, string spelling, string name)
    {
        await ShareServiceAsync();
        Answer made = await Client.GenerateAsync(text);

        made.Text("algorithm").Should().Be(spelling);
        made.Text("algorithm_id").Should().Be(name);
        string kid = made.Text("kid");
        foreach (string path in new[] { $"/kms/keys/active?algorithm={text}", $"/kms/keys/1?algorithm={text}" })
        {
            Answer shown = (await Client.GetJsonAsync(path)).ShouldBe(HttpStatusCode.OK);
            shown.Text("kid").Should().Be(kid);
            shown.Text("algorithm").Should().Be(spelling);
        }

        (await Client.GetJsonAsync($"/kms/keys?algorithm={text}")).Number("total").Should().Be(1);
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("algorithm").Should().Be(spelling, "that is what is stored");
        (await Client.RotateAsync(text)).Text("algorithm").Should().Be(spelling);
        (await Client.RetireAsync(2, text, new { allow_no_active = true })).ShouldBe(HttpStatusCode.OK).Text("algorithm")
            .Should().Be(spelling);
    }

    /// <summary>F-88: where keys are used, and beside a kid; and names of hashes too.</summary>
    [Fact]
    public async Task Any_case_means_the_same_where_keys_are_used()
    {
        string kid = (await Client.GenerateAsync("RSA-2048", new { oaep_hash = "sha-512" })).Text("kid");
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("oaep_hash").Should().Be("SHA-512");
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, algorithm = "rsa-2048", kid }))
            .Text("ciphertext");
        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext, algorithm = "Rsa-2048" })).Bytes("plaintext")
            .Should().Equal(_hello);

        await Client.GenerateAsync("ML-DSA-44");
        Answer signed = await Client.MustUseAsync(
            "/signature/sign-hash", new { hash = SHA256.HashData(_hello), hash_algorithm = "sha-256", algorithm = "DILITHIUM2" });
        signed.Text("hash_algorithm").Should().Be("SHA-256");
        signed.Text("algorithm").Should().Be("Dilithium2");
        (await Client.UseAsync("/crypto/encrypt", new { plaintext = _hello, algorithm = "kyber-768" })).ShouldBlame("algorithm");
    }

    /// <summary>F-88: what is stored has one spelling; a row that was written otherwise is damaged.</summary>
    [Fact]
    public async Task What_is_stored_has_one_spelling()
    {
        string kid = (await Client.GenerateAsync("ML-KEM-512")).Text("kid");
        using (Database database = App.OpenDatabase())
            database.Execute($"UPDATE key_versions SET algorithm = 'ml-kem-512' WHERE kid = '{kid}'").Should().Be(1);

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
    }
}
