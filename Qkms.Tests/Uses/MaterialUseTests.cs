using Qkms.Core.Sealing;
using Qkms.Core.Uses;
using Qkms.Storage.Rows;

namespace Qkms.Tests.Uses;

/// <summary>The cache of private keys under the service: what is cached gives nobody more than the database would.</summary>
public sealed class MaterialUseTests : ServiceTests
{
    private const string Plaintext = "aGVsbG8=";

    [Theory]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-768")]
    [InlineData("RSA-2048")]
    public async Task A_revoked_key_is_refused_by_the_next_request_and_leaves_the_cache(string algorithm)
    {
        string kid = (await Client.GenerateAsync(algorithm)).Text("kid");
        string ciphertext = await EncryptAsync(Client, kid);
        await ShouldDecryptAsync(Client, kid, ciphertext);
        MaterialCache cache = App.Services.GetRequiredService<MaterialCache>();
        cache.Count.Should().Be(1);

        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);

        cache.Count.Should().Be(0);
        (await DecryptAsync(Client, kid, ciphertext)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        cache.Count.Should().Be(0);
    }

    // Users hold the key in the cache and keep asking for it while it is revoked: none that asks after the answer gets anything,
    // and it does not come back.
    [Fact]
    public async Task A_key_revoked_under_load_leaves_the_cache_for_good()
    {
        MaterialCache cache = App.Services.GetRequiredService<MaterialCache>();
        for (int round = 0; round < 10; round++)
        {
            string kid = (await Client.GenerateAsync("AES-256", new { name = $"r{round}" })).Text("kid");
            string ciphertext = await EncryptAsync(Client, kid);
            bool revoked = false;
            Task[] users = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            {
                for (bool after = false; !after;)
                {
                    after = Volatile.Read(ref revoked);
                    Answer answer = await DecryptAsync(Client, kid, ciphertext);
                    if (after)
                        answer.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
                }
            }))];
            (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
            Volatile.Write(ref revoked, true);
            await Task.WhenAll(users);
            cache.Count.Should().Be(0);
        }
    }

    [Fact]
    public async Task Using_many_keys_keeps_only_so_many_in_memory()
    {
        await using QkmsApplication app = new() { Settings = { ["Qkms:Materials:MaxKeys"] = "30" } };
        using HttpClient client = app.Client();
        MaterialCache cache = app.Services.GetRequiredService<MaterialCache>();
        List<(string Kid, string Ciphertext)> made = [];
        for (int i = 0; i < 90; i++)
        {
            string kid = (await client.GenerateAsync("AES-256", new { name = $"n{i}" })).Text("kid");
            made.Add((kid, await EncryptAsync(client, kid)));
            cache.Count.Should().Be(Math.Min(i + 1, 30));
        }

        await Parallel.ForEachAsync(made, async (one, _) =>
        {
            await ShouldDecryptAsync(client, one.Kid, one.Ciphertext);
            cache.Count.Should().BeLessThanOrEqualTo(30);
        });
    }

    [Theory]
    [InlineData("AES-256", "UPDATE key_material SET wrapped = zeroblob(length(wrapped)) WHERE version_id = {0}")]
    [InlineData("ML-KEM-768", "UPDATE key_material SET wrapped = substr(wrapped, 1, length(wrapped) - 1) WHERE version_id = {0}")]
    [InlineData("ML-KEM-768", "UPDATE key_material SET wrapped = x'01' WHERE version_id = {0}")]
    [InlineData("AES-256", "UPDATE key_material SET format = 1 WHERE version_id = {0}")]
    [InlineData("ML-KEM-768", "UPDATE key_material SET format = 4 WHERE version_id = {0}")]
    [InlineData("RSA-2048", "UPDATE key_material SET format = 77 WHERE version_id = {0}")]
    [InlineData("AES-256", "UPDATE key_material SET wrapping_key_id = zeroblob(16) WHERE version_id = {0}")]
    [InlineData("AES-256",
        "UPDATE key_material SET wrapped = (SELECT wrapped FROM key_material WHERE version_id <> {0} LIMIT 1) WHERE version_id = {0}")]
    [InlineData("RSA-2048", "DELETE FROM key_material WHERE version_id = {0}")]
    [InlineData("AES-256", "UPDATE key_versions SET state = 2 WHERE id = {0}")]
    [InlineData("ML-KEM-768", "UPDATE key_versions SET public_key = zeroblob(1184) WHERE id = {0}")]
    [InlineData("AES-256", "UPDATE key_versions SET algorithm = 'ML-KEM-512' WHERE id = {0}")]
    [InlineData("RSA-2048", "UPDATE key_versions SET oaep_hash = 'SHA-1' WHERE id = {0}")]
    [InlineData("AES-256", "UPDATE keys SET state = 2 WHERE id = (SELECT key_id FROM key_versions WHERE id = {0})")]
    public async Task A_changed_row_is_refused_for_that_key_alone(string algorithm, string sql)
    {
        string kid = (await Client.GenerateAsync(algorithm)).Text("kid");
        string other = (await Client.GenerateAsync(algorithm, new { name = "other" })).Text("kid");
        string ciphertext = await EncryptAsync(Client, kid);
        string otherCiphertext = await EncryptAsync(Client, other);
        Tamper(App, kid, sql);

        (await DecryptAsync(Client, kid, ciphertext)).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await EncryptAnswerAsync(Client, kid)).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal));
        await ShouldDecryptAsync(Client, other, otherCiphertext);
        (await Client.RotateAsync(algorithm, new { name = "other" })).Number("key_version").Should().Be(2);
        if (sql.Contains("UPDATE key_material", StringComparison.Ordinal))
            App.Services.GetRequiredService<MaterialCache>().Count.Should().Be(1, "what does not open is not kept");
    }

    // Row and wrapping agree and both seals hold, as after a fault when the key was made: what the private key gives is compared anyway.
    [Theory]
    [InlineData("ML-KEM-768", "decrypt")]
    [InlineData("ML-DSA-65", "sign")]
    [InlineData("RSA-2048", "decrypt")]
    public async Task A_private_key_that_is_not_that_of_its_public_key_is_refused(string algorithm, string operation)
    {
        string kid = (await Client.GenerateAsync(algorithm)).Text("kid");
        string other = (await Client.GenerateAsync(algorithm, new { name = "other" })).Text("kid");
        (KeyVersion otherVersion, _, WrappingKey otherTenantKey) = await Support.Materials.FindAsync(App, other);
        otherTenantKey.Dispose();
        (KeyVersion version, KeyMaterial material, WrappingKey tenantKey) = await Support.Materials.FindAsync(App, kid);
        KeyVersion mixed = version with { PublicKey = otherVersion.PublicKey };
        KeyMaterial rewrapped;
        using (tenantKey)
        using (SecretBytes secret = PrivateKeyWrap.Unwrap(tenantKey, version, material))
            rewrapped = PrivateKeyWrap.Wrap(tenantKey, mixed, material.Format, secret);

        using (Database database = App.OpenDatabase())
        {
            byte[] seal = StoredSeal.WithoutKeyId(App.Services.GetRequiredService<RowSealer>().Seal(mixed).Seal);
            database.Execute(
                "UPDATE key_versions SET public_key = @k, seal = @s WHERE kid = @kid", ("@k", mixed.PublicKey), ("@s", seal), ("@kid", kid))
                .Should().Be(1);
            database.Execute(
                "UPDATE key_material SET wrapped = @w WHERE version_id = (SELECT id FROM key_versions WHERE kid = @kid)",
                ("@w", rewrapped.Wrapped),
                ("@kid", kid))
                .Should().Be(1);
        }

        App.Time.OutliveCaches();
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).ShouldBe(HttpStatusCode.OK).Text("public_key")
            .Should().NotBeEmpty("the row's seal holds");
        Answer answer = operation == "sign" ? await SignAsync(Client, kid) : await EncryptAnswerAsync(Client, kid);

        answer.ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        App.Log.Lines.Should().Contain(
            line => line.StartsWith("Critical ", StringComparison.Ordinal) && line.Contains(kid, StringComparison.Ordinal));
        App.Services.GetRequiredService<MaterialCache>().Count.Should().Be(0);
        (operation == "sign" ? await SignAsync(Client, other) : await EncryptAnswerAsync(Client, other)).ShouldBe(HttpStatusCode.OK);
    }

    // Order, not time: how long it takes is measured by Qkms.Benchmarks.
    [FactIf(Requirement.LongTests)]
    public async Task A_light_request_is_answered_while_64_clients_sign_with_RSA_4096()
    {
        string kid = (await Client.GenerateAsync("RSA-4096", new { use = "sig" })).Text("kid");
        string light = (await Client.GenerateAsync("AES-256")).Text("kid");
        (await SignAsync(Client, kid)).ShouldBe(HttpStatusCode.OK);
        int signed = 0;
        bool isOver = false;
        Task[] signers = [.. Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            while (!Volatile.Read(ref isOver))
            {
                (await SignAsync(Client, kid)).ShouldBe(HttpStatusCode.OK);
                Interlocked.Increment(ref signed);
            }
        }))];

        // Their queue does not end before the last light answer is there: one that waited for its end would wait for ever.
        try
        {
            await Eventually.HoldsAsync(() => Task.FromResult(Volatile.Read(ref signed) > 0));
            for (int i = 0; i < 5; i++)
                (await Client.ActiveAsync("AES-256").WaitAsync(TimeSpan.FromMinutes(1))).Text("kid").Should().Be(light);

            signers.Should().OnlyContain(signer => !signer.IsCompleted);
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            await Task.WhenAll(signers);
        }
    }

    // OpenSSL allows sharing a key that nobody changes: each operation has a context of its own, and the blinding is under a lock.
    [Fact]
    public async Task One_private_key_serves_many_threads_at_once()
    {
        string signing = (await Client.GenerateAsync("RSA-2048", new { use = "sig" })).Text("kid");
        string decrypting = (await Client.GenerateAsync("RSA-2048")).Text("kid");
        string ciphertext = await EncryptAsync(Client, decrypting);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 25; i++)
            {
                byte[] message = RandomNumberGenerator.GetBytes(32);
                string signature = (await SignAsync(Client, signing, message)).ShouldBe(HttpStatusCode.OK).Text("signature");
                Answer verdict = await Client.PostJsonAsync("/signature/verify",
                    $$"""{"kid":"{{signing}}","message":"{{Convert.ToBase64String(message)}}","signature":"{{signature}}"}""");
                ((bool)verdict.ShouldBe(HttpStatusCode.OK).Data["valid"]!).Should().BeTrue();
                await ShouldDecryptAsync(Client, decrypting, ciphertext);
            }
        })));

        App.Services.GetRequiredService<MaterialCache>().Count.Should().Be(2);
    }

    private static void Tamper(QkmsApplication app, string kid, string sql)
    {
        using Database database = app.OpenDatabase();
        string id = Convert.ToHexString((byte[])database.Scalar($"SELECT id FROM key_versions WHERE kid = '{kid}'")!);
        database.Execute(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, $"x'{id}'")).Should().Be(1, sql);

        // What was read before may be used for half a second more, and an unwrapped key until it is old.
        app.Time.OutliveCaches();
        app.Time.Advance(TimeSpan.FromHours(1));
    }

    private static Task<Answer> EncryptAnswerAsync(HttpClient client, string kid) =>
        client.PostJsonAsync("/crypto/encrypt", $$"""{"kid":"{{kid}}","plaintext":"{{Plaintext}}"}""");

    private static async Task<string> EncryptAsync(HttpClient client, string kid) =>
        (await EncryptAnswerAsync(client, kid)).ShouldBe(HttpStatusCode.OK).Text("ciphertext");

    private static Task<Answer> DecryptAsync(HttpClient client, string kid, string ciphertext) =>
        client.PostJsonAsync("/crypto/decrypt", $$"""{"kid":"{{kid}}","ciphertext":"{{ciphertext}}"}""");

    private static async Task ShouldDecryptAsync(HttpClient client, string kid, string ciphertext) =>
        (await DecryptAsync(client, kid, ciphertext)).ShouldBe(HttpStatusCode.OK).Text("plaintext").Should().Be(Plaintext);

    private static Task<Answer> SignAsync(HttpClient client, string kid, byte[]? message = null) =>
        client.PostJsonAsync("/signature/sign", $$"""{"kid":"{{kid}}","message":"{{Convert.ToBase64String(message ?? [1, 2, 3])}}"}""");
}
