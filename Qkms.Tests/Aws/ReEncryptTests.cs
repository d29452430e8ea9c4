using Qkms.Tests.ApiKeys;

namespace Qkms.Tests.Aws;

/// <summary>ReEncrypt: from one key to another, within the permissions of both, and a data key stays one.</summary>
public sealed class ReEncryptTests : SharedServiceTests
{
    private static readonly string _hello = Convert.ToBase64String("hello"u8);

    /// <summary>E-11: the new ciphertext opens with the new key in the new context, and the answer names both keys.</summary>
    [Fact]
    public async Task A_ciphertext_moves_to_another_key_and_context()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string from = await NewKeyAsync("AES-256", "from");
        string to = await NewKeyAsync("AES-256", "to");
        string blob = await EncryptAsync(signer, from, new { a = "b" });

        Answer moved = await Client.CallAsync(
            signer,
            "ReEncrypt",
            new
            {
                CiphertextBlob = blob,
                SourceKeyId = from,
                SourceEncryptionContext = new { a = "b" },
                DestinationKeyId = to,
                DestinationEncryptionContext = new { c = "d" },
                SourceEncryptionAlgorithm = "SYMMETRIC_DEFAULT",
                DestinationEncryptionAlgorithm = "SYMMETRIC_DEFAULT",
            });

        moved.Member("SourceKeyId").Should().EndWith($":key/{from}");
        moved.Member("KeyId").Should().EndWith($":key/{to}");
        (moved.Member("SourceEncryptionAlgorithm"), moved.Member("DestinationEncryptionAlgorithm"))
            .Should().Be(("SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT"));
        moved.Body.Should().NotContain(_hello);
        string made = moved.Member("CiphertextBlob");
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made, KeyId = to, EncryptionContext = new { c = "d" } }))
            .Member("Plaintext").Should().Be(_hello);
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made, EncryptionContext = new { a = "b" } }))
            .ShouldBeException("InvalidCiphertextException");
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made, KeyId = from, EncryptionContext = new { c = "d" } }))
            .ShouldBeException("IncorrectKeyException");
    }

    /// <summary>As AWS has it: a destination context that is absent is none, and not that of the source.</summary>
    [Fact]
    public async Task Without_a_destination_context_there_is_none()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = await NewKeyAsync("AES-256", "one");
        string blob = await EncryptAsync(signer, id, new { a = "b" });

        string made = (await Client.CallAsync(
            signer, "ReEncrypt", new { CiphertextBlob = blob, SourceEncryptionContext = new { a = "b" }, DestinationKeyId = id }))
            .Member("CiphertextBlob");

        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made })).Member("Plaintext").Should().Be(_hello);
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made, EncryptionContext = new { a = "b" } }))
            .ShouldBeException("InvalidCiphertextException");
    }

    /// <summary>E-11: after a rotation the ciphertext moves to the new version of the same key.</summary>
    [Fact]
    public async Task A_ciphertext_moves_to_the_new_version_of_its_key()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer key = await Client.GenerateAsync("AES-256");
        string blob = await EncryptAsync(signer, key.Text("key_id"));
        await Client.RotateAsync("AES-256");

        string made = (await Client.CallAsync(signer, "ReEncrypt", new { CiphertextBlob = blob, DestinationKeyId = key.Text("key_id") }))
            .Member("CiphertextBlob");

        await Client.RevokeAsync(key.Text("kid"));
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made })).Member("Plaintext").Should().Be(_hello);
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = blob })).ShouldBeException("KMSInvalidStateException");
    }

    /// <summary>To RSA and back; RSA binds no context.</summary>
    [Fact]
    public async Task A_ciphertext_moves_between_rsa_and_a_symmetric_key()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string aes = await NewKeyAsync("AES-256", "aes");
        string rsa = (await Client.GenerateAsync("RSA-2048", new { name = "rsa", oaep_hash = "SHA-256" })).Text("key_id");
        string blob = await EncryptAsync(signer, aes);

        Answer moved = await Client.CallAsync(
            signer,
            "ReEncrypt",
            new { CiphertextBlob = blob, DestinationKeyId = rsa, DestinationEncryptionAlgorithm = "RSAES_OAEP_SHA_256" });
        string ofRsa = moved.Member("CiphertextBlob");
        moved.Member("DestinationEncryptionAlgorithm").Should().Be("RSAES_OAEP_SHA_256");
        Answer back = await Client.CallAsync(
            signer,
            "ReEncrypt",
            new
            {
                CiphertextBlob = ofRsa,
                SourceKeyId = rsa,
                SourceEncryptionAlgorithm = "RSAES_OAEP_SHA_256",
                DestinationKeyId = aes,
                DestinationEncryptionContext = new { a = "b" },
            });

        (await Client.CallAsync(
            signer, "Decrypt", new { CiphertextBlob = back.Member("CiphertextBlob"), EncryptionContext = new { a = "b" } }))
            .Member("Plaintext").Should().Be(_hello);
        (await Client.CallAsync(signer, "ReEncrypt", new { CiphertextBlob = ofRsa, DestinationKeyId = aes }))
            .ShouldBeException("InvalidCiphertextException");
        (await Client.CallAsync(
            signer,
            "ReEncrypt",
            new { CiphertextBlob = blob, DestinationKeyId = rsa, DestinationEncryptionContext = new { a = "b" } }))
            .ShouldBeException("ValidationException");
        (await Client.CallAsync(
            signer,
            "ReEncrypt",
            new { CiphertextBlob = ofRsa, SourceKeyId = rsa, SourceEncryptionContext = new { a = "b" }, DestinationKeyId = aes }))
            .ShouldBeException("ValidationException");
        string dataKey = (await Client.CallAsync(signer, "GenerateDataKey", new { KeyId = aes, KeySpec = "AES_256" }))
            .Member("CiphertextBlob");
        (await Client.CallAsync(signer, "ReEncrypt", new { CiphertextBlob = dataKey, DestinationKeyId = rsa }))
            .ShouldBeException("InvalidKeyUsageException");
    }

    /// <summary>What only one permission may open does not become what another opens.</summary>
    [Fact]
    public async Task A_data_key_stays_a_data_key()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string from = await NewKeyAsync("AES-256", "from");
        string to = await NewKeyAsync("AES-256", "to");
        Answer made = await Client.CallAsync(signer, "GenerateDataKey", new { KeyId = from, KeySpec = "AES_256" });
        string encrypted = await EncryptAsync(signer, from);
        AwsSigner dataKeys = await Client.CreateAccessKeyAsync(new { permissions = ApiKeyVerbs.Words("data-keys:decrypt") });
        AwsSigner decrypts = await Client.CreateAccessKeyAsync(new { permissions = ApiKeyVerbs.Words("crypto:decrypt") });

        string moved = (await Client.CallAsync(
            signer, "ReEncrypt", new { CiphertextBlob = made.Member("CiphertextBlob"), DestinationKeyId = to })).Member("CiphertextBlob");
        string movedText = (await Client.CallAsync(signer, "ReEncrypt", new { CiphertextBlob = encrypted, DestinationKeyId = to }))
            .Member("CiphertextBlob");

        (await Client.CallAsync(dataKeys, "Decrypt", new { CiphertextBlob = moved })).Member("Plaintext")
            .Should().Be(made.Member("Plaintext"));
        (await Client.CallAsync(decrypts, "Decrypt", new { CiphertextBlob = moved })).ShouldBeException("AccessDeniedException");
        (await Client.CallAsync(decrypts, "Decrypt", new { CiphertextBlob = movedText })).Member("Plaintext").Should().Be(_hello);
        (await Client.CallAsync(dataKeys, "Decrypt", new { CiphertextBlob = movedText })).ShouldBeException("AccessDeniedException");
        (await Client.UseAsync("/data-keys/decrypt", new { ciphertext = moved })).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>E-12: to move a ciphertext takes the permission to open it, and that to make the new one.</summary>
    [Theory]
    [InlineData("crypto:re-encrypt crypto:decrypt crypto:encrypt", true, false)]
    [InlineData("crypto:re-encrypt data-keys:decrypt data-keys:generate", false, true)]
    [InlineData("crypto:re-encrypt crypto:decrypt", false, false)]
    [InlineData("crypto:re-encrypt crypto:encrypt", false, false)]
    [InlineData("crypto:decrypt crypto:encrypt data-keys:decrypt data-keys:generate", false, false)]
    public async Task Both_permissions_are_needed(string permissions, bool movesText, bool movesDataKey)
    {
        AwsSigner all = await Client.CreateAccessKeyAsync();
        AwsSigner narrow = await Client.CreateAccessKeyAsync(new { permissions = permissions.Split(' ') });
        string id = await NewKeyAsync("AES-256", "one");
        string blob = await EncryptAsync(all, id);
        string dataKey = (await Client.CallAsync(all, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" })).Member("CiphertextBlob");

        foreach ((string ciphertext, bool moves) in new[] { (blob, movesText), (dataKey, movesDataKey) })
        {
            Answer answer = await Client.CallAsync(narrow, "ReEncrypt", new { CiphertextBlob = ciphertext, DestinationKeyId = id });
            if (moves)
            {
                answer.ShouldBe(HttpStatusCode.OK);
                continue;
            }

            // A permission is missed before the destination is looked for.
            answer.ShouldBeException("AccessDeniedException");
            (await Client.CallAsync(
                narrow, "ReEncrypt", new { CiphertextBlob = ciphertext, DestinationKeyId = Guid.Empty.ToString() }))
                .ShouldBeException("AccessDeniedException");
        }
    }

    /// <summary>E-12: neither key may be outside the narrowing, or another tenant's.</summary>
    [Fact]
    public async Task A_key_that_one_may_not_know_of_is_neither_source_nor_destination()
    {
        AwsSigner all = await Client.CreateAccessKeyAsync();
        AwsSigner narrow = await Client.CreateAccessKeyAsync(new { key_names = ApiKeyVerbs.Words("mine") });
        using HttpClient stranger = await StrangerAsync();
        AwsSigner strangers = await stranger.CreateAccessKeyAsync();
        string mine = await NewKeyAsync("AES-256", "mine");
        string other = await NewKeyAsync("AES-256", "other");
        string theirs = (await stranger.GenerateAsync("AES-256")).Text("key_id");
        string ofMine = await EncryptAsync(all, mine);
        string ofOther = await EncryptAsync(all, other);

        foreach ((AwsSigner by, object body, string exception) in new (AwsSigner, object, string)[]
        {
            (narrow, new { CiphertextBlob = ofMine, DestinationKeyId = other }, "NotFoundException"),
            (narrow, new { CiphertextBlob = ofMine, SourceKeyId = other, DestinationKeyId = mine }, "NotFoundException"),
            (narrow, new { CiphertextBlob = ofOther, DestinationKeyId = mine }, "InvalidCiphertextException"),
            (strangers, new { CiphertextBlob = ofMine, DestinationKeyId = theirs }, "InvalidCiphertextException"),
            (strangers, new { CiphertextBlob = ofMine, SourceKeyId = mine, DestinationKeyId = theirs }, "NotFoundException"),
            (all, new { CiphertextBlob = ofMine, DestinationKeyId = theirs }, "NotFoundException"),
        })
            (await Client.CallAsync(by, "ReEncrypt", body)).ShouldBeException(exception);
    }

    /// <summary>A request that is refused before the keys do anything counts at neither.</summary>
    [Fact]
    public async Task A_mistaken_request_is_no_use_of_either_key()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer from = await Client.GenerateAsync("AES-256", new { name = "from" });
        string to = await NewKeyAsync("AES-256", "to");
        string mac = await NewKeyAsync("HMAC-256", "mac");
        string rsa = await NewKeyAsync("RSA-2048", "rsa");
        string blob = await EncryptAsync(signer, from.Text("key_id"));
        string dataKey = (await Client.CallAsync(signer, "GenerateDataKey", new { KeyId = from.Text("key_id"), KeySpec = "AES_256" }))
            .Member("CiphertextBlob");
        Dictionary<string, string> unnamed = new() { [""] = "x" };

        foreach ((object body, string exception) in new (object, string)[]
        {
            (new { DestinationKeyId = to }, "ValidationException"),
            (new { CiphertextBlob = blob }, "ValidationException"),
            (new { CiphertextBlob = "", DestinationKeyId = to }, "ValidationException"),
            (new { CiphertextBlob = _hello, DestinationKeyId = to }, "InvalidCiphertextException"),
            (new { CiphertextBlob = blob, DestinationKeyId = Guid.Empty.ToString() }, "NotFoundException"),
            (new { CiphertextBlob = blob, DestinationKeyId = mac }, "InvalidKeyUsageException"),
            (new { CiphertextBlob = dataKey, DestinationKeyId = rsa }, "InvalidKeyUsageException"),
            (new { CiphertextBlob = blob, SourceKeyId = mac, DestinationKeyId = to }, "InvalidKeyUsageException"),
            (new { CiphertextBlob = blob, SourceKeyId = to, DestinationKeyId = to }, "IncorrectKeyException"),
            (new { CiphertextBlob = blob, DestinationKeyId = to, SourceEncryptionAlgorithm = "RSAES_OAEP_SHA_1" },
                "InvalidKeyUsageException"),
            (new { CiphertextBlob = blob, DestinationKeyId = to, DestinationEncryptionAlgorithm = "RSAES_OAEP_SHA_1" },
                "InvalidKeyUsageException"),
            (new { CiphertextBlob = blob, DestinationKeyId = to, DestinationEncryptionContext = unnamed }, "ValidationException"),
            (new { CiphertextBlob = blob, DestinationKeyId = to, GrantTokens = new[] { "x" } }, "UnsupportedOperationException"),
            (new { CiphertextBlob = blob, DestinationKeyId = to, DryRun = true, DryRunModifiers = new[] { "IGNORE_CIPHERTEXT" } },
                "UnsupportedOperationException"),
        })
            (await Client.CallAsync(signer, "ReEncrypt", body)).ShouldBeException(exception);

        (await Client.GetJsonAsync($"/kms/keys/{from.Text("kid")}")).Number("usage_count")
            .Should().Be(2, "it encrypted and made a data key before");
    }

    private async Task<string> EncryptAsync(AwsSigner signer, string id, object? context = null) => (await Client.CallAsync(
        signer, "Encrypt", new { KeyId = id, Plaintext = _hello, EncryptionContext = context })).Member("CiphertextBlob");

    private async Task<string> NewKeyAsync(string algorithm, string name) =>
        (await Client.GenerateAsync(algorithm, new { name })).Text("key_id");
}
