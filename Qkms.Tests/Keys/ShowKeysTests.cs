using System.Security.Cryptography.X509Certificates;

namespace Qkms.Tests.Keys;

public sealed class ShowKeysTests : SharedServiceTests
{
    // Q-23
    [Fact]
    public async Task The_active_version_is_shown_or_not_found()
    {
        (await Client.ActiveAsync()).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        await Client.GenerateAsync();

        (await Client.ActiveAsync("Kyber768")).Text("algorithm").Should().Be("Kyber768");
        (await Client.GetJsonAsync("/kms/keys/active?algorithm=ML-KEM-768&name=other"))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GetJsonAsync("/kms/keys/active")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.GetJsonAsync("/kms/keys/active?algorithm=")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.GetJsonAsync("/kms/keys/active?algorithm=ML-KEM-768&algorithm=ML-KEM-768"))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
    }

    // Q-24
    [Fact]
    public async Task A_version_is_shown_by_number_and_by_kid()
    {
        Answer made = await Client.GenerateAsync("ML-KEM-768", new { name = "app" });
        string kid = made.Text("kid");

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("kid").Should().Be(kid);
        (await Client.GetJsonAsync("/kms/keys/1?algorithm=Kyber768&name=app")).Text("kid").Should().Be(kid);
        (await Client.GetJsonAsync($"/kms/keys/{kid}?algorithm=Kyber768")).Text("algorithm").Should().Be("Kyber768");
        (await Client.GetJsonAsync("/kms/keys/1?algorithm=ML-KEM-768")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GetJsonAsync("/kms/keys/2?algorithm=ML-KEM-768&name=app")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GetJsonAsync("/kms/keys/1")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.GetJsonAsync($"/kms/keys/{kid}?algorithm=ML-KEM-512")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.GetJsonAsync($"/kms/keys/{kid}?name=other")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
    }

    // Q-24
    [Theory]
    [InlineData("0?algorithm=ML-KEM-768")]
    [InlineData("2147483648?algorithm=ML-KEM-768")]
    [InlineData("9223372036854775808?algorithm=ML-KEM-768")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("%22")]
    [InlineData("a%2Fb")]
    [InlineData("..%2f..")]
    [InlineData("%E2%98%83")]
    [InlineData("unknown")]
    public async Task A_version_that_cannot_exist_is_not_found(string key)
    {
        (await Client.GetJsonAsync($"/kms/keys/{key}")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    // Q-22
    [Fact]
    public async Task Every_version_is_listed_newest_first_and_filtered()
    {
        await Client.GenerateAsync("ML-KEM-768");
        await Client.RotateAsync("ML-KEM-768");
        await Client.GenerateAsync("Dilithium3");
        Answer named = await Client.GenerateAsync("ML-KEM-512", new { name = "app" });
        await Client.RevokeAsync(named.Text("kid"));

        await Expect("", "ML-KEM-512 revoked", "Dilithium3 active", "ML-KEM-768 active", "ML-KEM-768 retired");
        await Expect("?algorithm=Kyber768", "Kyber768 active", "Kyber768 retired");
        await Expect("?status=active", "Dilithium3 active", "ML-KEM-768 active");
        await Expect("?status=retired&algorithm=ML-KEM-768", "ML-KEM-768 retired");
        await Expect("?name=app", "ML-KEM-512 revoked");
        await Expect("?status=expired");
        await Expect("?status=destroyed");

        async Task Expect(string query, params string[] rows)
        {
            Answer list = (await Client.GetJsonAsync($"/kms/keys{query}")).ShouldBe(HttpStatusCode.OK);
            list.Data["keys"]!.AsArray().Select(k => $"{k!["algorithm"]} {k["status"]}").Should().Equal(rows, query);
            list.Number("total").Should().Be(rows.Length, query);
            list.Data["next_cursor"].Should().BeNull();
        }
    }

    // Q-22
    [Fact]
    public async Task Pages_give_every_version_once()
    {
        await Client.GenerateAsync();
        for (int i = 0; i < 6; i++)
            await Client.RotateAsync();

        List<int> seen = [];
        string? cursor = null;
        do
        {
            Answer page = await Client.GetJsonAsync($"/kms/keys?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            page.Number("total").Should().Be(7);
            seen.AddRange(page.Data["keys"]!.AsArray().Select(k => (int)k!["key_version"]!));
            cursor = (string?)page.Data["next_cursor"];
        }
        while (cursor is not null);

        seen.Should().Equal(7, 6, 5, 4, 3, 2, 1);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=-1")]
    [InlineData("limit=abc")]
    [InlineData("limit=1.5")]
    [InlineData("limit=99999999999999999999")]
    [InlineData("limit=")]
    [InlineData("limit=1&limit=2")]
    [InlineData("statu=active")]
    [InlineData("tenant_id=x")]
    [InlineData("status=active&status=")]
    [InlineData("name=a&name=")]
    [InlineData("status=ACTIVE")]
    [InlineData("algorithm=kyber769")]
    [InlineData("name=a//b")]
    [InlineData("cursor=abc")]
    [InlineData("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_query_that_does_not_fit_is_refused_by_name(string query)
    {
        Answer answer = await Client.GetJsonAsync($"/kms/keys?{query}");

        answer.ShouldBlame(query.Split('=')[0]);
    }

    [Theory]
    [InlineData("ML-KEM-768", "2.16.840.1.101.3.4.4.2", "ML-KEM-768")]
    [InlineData("ML-DSA-65", "2.16.840.1.101.3.4.3.18", "ML-DSA-65")]
    [InlineData("RSA-2048", "1.2.840.113549.1.1.1", "RSA-OAEP-256")]
    public async Task A_public_key_comes_as_pem_der_and_jwk(string algorithm, string oid, string jwkAlgorithm)
    {
        Answer made = await Client.GenerateAsync(algorithm);
        string path = $"/kms/keys/{made.Text("kid")}/public-key";
        byte[] raw = Convert.FromBase64String(made.Text("public_key"));

        Answer pem = await Client.GetJsonAsync(path);
        byte[] der = await Client.GetByteArrayAsync($"{path}?format=der");
        JsonNode jwk = (await Client.GetJsonAsync($"{path}?format=jwk")).Json;

        pem.Headers["Content-Type"].Should().StartWith("application/x-pem-file");
        PemEncoding.Find(pem.Body).Base64Data.Should().NotBe(default(Range));
        PublicKey spki = PublicKey.CreateFromSubjectPublicKeyInfo(der, out _);
        spki.Oid.Value.Should().Be(oid);
        PemEncoding.WriteString("PUBLIC KEY", der).Should().Be(pem.Body.TrimEnd('\n'));
        ((string?)jwk["kid"]).Should().Be(made.Text("kid"));
        ((string?)jwk["alg"]).Should().Be(jwkAlgorithm);
        if (algorithm == "RSA-2048")
        {
            der.Should().Equal(raw);
            ((string?)jwk["kty"]).Should().Be("RSA");
            ((string?)jwk["e"]).Should().Be("AQAB");
            using RSA rsa = RSA.Create(new RSAParameters { Modulus = FromBase64Url(jwk["n"]), Exponent = FromBase64Url(jwk["e"]) });
            rsa.ExportSubjectPublicKeyInfo().Should().Equal(der);
        }
        else
        {
            spki.EncodedKeyValue.RawData.Should().Equal(raw);
            ((string?)jwk["kty"]).Should().Be("AKP");
            FromBase64Url(jwk["pub"]).Should().Equal(raw);
        }
    }

    [Theory]
    [InlineData(null, "application/x-pem-file")]
    [InlineData("*/*", "application/x-pem-file")]
    [InlineData("application/jwk+json", "application/jwk+json")]
    [InlineData("application/octet-stream;q=0.5, application/jwk+json;q=0.1", "application/octet-stream")]
    [InlineData("application/*;q=0.2, application/x-pem-file;q=0", "application/octet-stream")]
    public async Task The_accept_header_chooses_the_form(string? accept, string mediaType)
    {
        Answer made = await Client.GenerateAsync();
        using HttpRequestMessage request = new(HttpMethod.Get, $"/kms/keys/{made.Text("kid")}/public-key");
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);

        (await Client.SendForAnswerAsync(request)).ShouldBe(HttpStatusCode.OK).Headers["Content-Type"].Should().StartWith(mediaType);
    }

    [Fact]
    public async Task A_form_that_does_not_exist_is_not_acceptable()
    {
        Answer made = await Client.GenerateAsync();
        string path = $"/kms/keys/{made.Text("kid")}/public-key";
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Add("Accept", "image/png");

        (await Client.SendForAnswerAsync(request)).ShouldBeRefused(HttpStatusCode.NotAcceptable, "ERR_INVALID_005");
        (await Client.GetJsonAsync($"{path}?format=xml")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.GetJsonAsync("/kms/keys/unknown/public-key")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    private static byte[] FromBase64Url(JsonNode? node) => System.Buffers.Text.Base64Url.DecodeFromChars((string)node!);
}
