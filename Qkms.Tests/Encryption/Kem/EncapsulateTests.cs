namespace Qkms.Tests.Encryption.Kem;

/// <summary>/kem/encapsulate and /kem/decapsulate.</summary>
public sealed class EncapsulateTests : SharedServiceTests
{
    //
    [Theory]
    [InlineData("ML-KEM-512", 768)]
    [InlineData("ML-KEM-768", 1088)]
    [InlineData("ML-KEM-1024", 1568)]
    [InlineData("Kyber512", 768)]
    [InlineData("Kyber768", 1088)]
    [InlineData("Kyber1024", 1568)]
    public async Task The_secret_is_recovered_and_each_is_another(string algorithm, int length)
    {
        await Client.GenerateAsync(algorithm);

        Answer first = await Client.MustUseAsync("/kem/encapsulate", new { key_version = 1, algorithm });
        Answer second = await Client.MustUseAsync("/kem/encapsulate", new { algorithm });

        first.Bytes("kem_ciphertext").Length.Should().Be(length);
        first.Bytes("shared_secret").Length.Should().Be(32);
        second.Text("kem_ciphertext").Should().NotBe(first.Text("kem_ciphertext"));
        second.Text("shared_secret").Should().NotBe(first.Text("shared_secret"));
        foreach (Answer one in new[] { first, second })
        {
            Answer recovered = await Client.MustUseAsync(
                "/kem/decapsulate", new { kem_ciphertext = one.Text("kem_ciphertext"), key_version = 1, algorithm });
            recovered.Text("shared_secret").Should().Be(one.Text("shared_secret"));
            recovered.Text("algorithm").Should().Be(algorithm);
        }
    }

    // somebody else encapsulates with the public key.
    [Fact]
    public async Task A_secret_that_was_made_with_the_public_key_is_recovered()
    {
        Answer made = await Client.GenerateAsync();
        using MLKem publicKey = App.Services.GetRequiredService<PqcEngine>()
            .ImportMLKemEncapsulationKey(MLKemAlgorithm.MLKem768, made.Bytes("public_key"));
        publicKey.Encapsulate(out byte[] ciphertext, out byte[] secret);

        (await Client.MustUseAsync("/kem/decapsulate", new { kem_ciphertext = ciphertext })).Bytes("shared_secret").Should().Equal(secret);
    }

    //
    [Theory]
    [InlineData("ML-KEM-512", 768)]
    [InlineData("ML-KEM-768", 1088)]
    [InlineData("ML-KEM-1024", 1568)]
    public async Task A_ciphertext_of_the_wrong_length_does_not_open(string algorithm, int right)
    {
        await Client.GenerateAsync(algorithm);

        foreach (int length in new[] { 0, 1, 768, 1088, 1568, right - 1, right + 1, right + 16 }.Where(length => length != right))
            (await Client.UseAsync("/kem/decapsulate", new { kem_ciphertext = new byte[length], algorithm })).ShouldNotDecrypt($"{length}");
    }

    // FIPS 203, Algorithm 18, line 7: K̄ = J(z ‖ c) = SHAKE256(z ‖ c, 32).
    [Theory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public async Task A_changed_ciphertext_gives_the_secret_of_implicit_rejection(string algorithm)
    {
        string kid = (await Client.GenerateAsync(algorithm)).Text("kid");
        byte[] z = (await Materials.OpenAsync(App, kid))[32..];
        Answer made = await Client.MustUseAsync("/kem/encapsulate", new { kid });

        for (int i = 0; i < made.Bytes("kem_ciphertext").Length; i += 97)
        {
            byte[] changed = made.Bytes("kem_ciphertext");
            changed[i] ^= 0x10;
            byte[] secret = (await Client.MustUseAsync("/kem/decapsulate", new { kem_ciphertext = changed, kid })).Bytes("shared_secret");
            secret.Should().Equal(Shake256.HashData((byte[])[.. z, .. changed], 32), $"byte {i} was changed");
            Convert.ToBase64String(secret).Should().NotBe(made.Text("shared_secret"));
        }
    }
}
