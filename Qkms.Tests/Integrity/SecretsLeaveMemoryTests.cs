using Qkms.Tests.Aws;
using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.Integrity;

/// <summary>What the running service was given or made is not in its memory any more once it is wrapped, hashed or used.</summary>
public sealed class SecretsLeaveMemoryTests
{
    // A garbage collection while BouncyCastle expands a key leaves copies of what it moves (docs/engines.md). With this much memory, in
    // hexadecimal, for new objects none comes in these tests.
    private const string NewObjects = "DOTNET_GCgen0size";
    private const string Plenty = "10000000";

    // A piece of this many bytes is looked for at every such step of a secret.
    private const int Piece = 16;

    // The first start makes it and writes it to its file; requests bring it in again.
    [FactIf(Requirement.ProcessMemory)]
    public async Task An_api_key_is_gone_after_the_start_and_after_its_use()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        string apiKey = await File.ReadAllTextAsync(directory.File("initial-api-key"));
        (string, byte[]) bytes = ("API key", Encoding.ASCII.GetBytes(apiKey[^49..]));
        (string, byte[]) text = ("API key as text", Encoding.Unicode.GetBytes(apiKey[^49..]));

        Finds(service, bytes, text).Select(find => find.ToString()).Should().BeEmpty("it was only issued");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => UseAsync(service)));
        await LettingGo.OfConnectionsAsync(service);
        (await LettingGo.LookAsync(() => Finds(service, bytes, text))).Select(find => find.ToString())
            .Should().BeEmpty("its requests are answered and their connections closed");
        Finds(service, ("path", Encoding.Unicode.GetBytes(directory.Path)[..Piece])).Should().NotBeEmpty("the search finds what is there");
    }

    [FactIf(Requirement.ProcessMemory)]
    public async Task The_root_key_is_gone_after_the_start()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        string text = (await File.ReadAllTextAsync(directory.File("root.key"))).Trim();

        Finds(service, ("root key", Convert.FromBase64String(text)), ("root key as base64", Encoding.ASCII.GetBytes(text)))
            .Should().BeEmpty();
    }

    // Not of RSA and ECDSA: OpenSSL makes and encodes those keys, and leaves pieces of the encoding in native memory that it has freed.
    [TheoryIf(Requirement.ProcessMemory)]
    [LongInlineData(PqcEngines.BouncyCastle)]
    [InlineData(PqcEngines.Managed)]
    public async Task Seeds_are_gone_when_they_are_wrapped(string engine)
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(
            directory.Path, new() { ["Qkms__Crypto__Engine"] = engine, [NewObjects] = Plenty });
        using HttpClient client = service.Client();
        List<string> kids = [];
        foreach (string algorithm in new[]
        {
            "ML-KEM-512", "ML-KEM-768", "ML-KEM-1024", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "Ed25519", "HMAC-256", "HMAC-384", "HMAC-512",
        })
        {
            kids.Add((await client.GenerateAsync(algorithm)).Text("kid"));
            kids.Add((await client.RotateAsync(algorithm)).Text("kid"));
        }

        (string, byte[])[] secrets =
            [.. (await Materials.ExportAsync(service, kids)).Select(exported => (exported.Version.Kid.Value, exported.Secret))];
        Finds(service, secrets).Select(find => find.ToString()).Should().BeEmpty();
    }

    // Not of RSA and ECDSA, as above. Half of the keys are revoked, the others are pushed out of the cache by keys that are used after
    // them.
    [TheoryIf(Requirement.ProcessMemory)]
    [LongInlineData(PqcEngines.BouncyCastle)]
    [InlineData(PqcEngines.Managed)]
    public async Task Private_keys_are_there_while_they_are_cached_and_gone_when_they_are_revoked_or_evicted(string engine)
    {
        string[] algorithms =
        [
            "AES-256", "ML-KEM-512", "ML-KEM-768", "ML-KEM-1024", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87",
            "Ed25519", "HMAC-256", "HMAC-384", "HMAC-512",
        ];
        using TemporaryDirectory directory = new();
        int cached = 2 * algorithms.Length;
        List<(string Kid, string Algorithm)> keys = [];

        // In a process of its own: whatever the engine, BouncyCastle is asked about a new key, and drops pieces of it (docs/engines.md).
        using (ServiceProcess maker = await ServiceProcess.StartAsync(directory.Path))
        using (HttpClient generating = maker.Client())
        {
            foreach (string name in (string[])["revoked", "evicted"])
            {
                foreach (string algorithm in algorithms)
                    keys.Add(
                        ((await generating.GenerateAsync(algorithm, new { name, kid = $"{name}-{algorithm}" })).Text("kid"), algorithm));
            }
        }

        Dictionary<string, string?> settings = new() { ["Qkms__Materials__MaxKeys"] = Text(cached), ["Qkms__Crypto__Engine"] = engine };
        if (engine == PqcEngines.BouncyCastle)
            settings[NewObjects] = Plenty;

        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, settings);
        using HttpClient client = service.Client();
        foreach ((string kid, string algorithm) in keys)
        {
            for (int i = 0; i < 3; i++)
                await WorkAsync(client, kid, algorithm);
        }

        ProcessMemory.Patterns patterns = new();
        foreach ((KeyVersion version, byte[] privateKey) in await Materials.ExportAsync(service, keys.Select(key => key.Kid)))
            KeySecrets.Add(patterns, engine, version.Kid.Value, version.Algorithm.Name, privateKey);

        HashSet<string> found = [.. ProcessMemory.Search(service.Id, patterns).Select(find => find.Name)];
        patterns.Names.Where(name => name.StartsWith("kept ", StringComparison.Ordinal) && !found.Contains(name))
            .Should().BeEmpty("the search finds what is cached");

        foreach ((string kid, _) in keys.Where(key => key.Kid.StartsWith("revoked", StringComparison.Ordinal)))
            (await client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        for (int i = 0; i < cached; i++)
        {
            string filler = (await client.GenerateAsync("AES-256", new { name = $"filler-{i}" })).Text("kid");
            await WorkAsync(client, filler, "AES-256");
        }

        ProcessMemory.Search(service.Id, patterns).Select(find => find.ToString()).Should().BeEmpty();
    }

    // The longest one takes many of the web server's buffers, in and out.
    [TheoryIf(Requirement.ProcessMemory)]
    [InlineData(48)]
    [LongInlineData(3_000)]
    [InlineData(200_000)]
    public async Task Plaintexts_are_gone_when_they_are_answered(int length)
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        Dictionary<string, byte[]> plaintexts = [];
        string rsa = LongTests.AreWanted ? "RSA-4096" : "RSA-2048";
        foreach (string algorithm in (string[])["AES-256", "ML-KEM-768", rsa])
        {
            byte[] plaintext = RandomNumberGenerator.GetBytes(algorithm == rsa ? 48 : length);
            plaintexts[algorithm] = plaintext;
            using HttpClient client = service.Client();
            string kid = (await client.GenerateAsync(algorithm)).Text("kid");
            for (int i = 0; i < 3; i++)
            {
                string ciphertext = (await client.PostJsonAsync(
                    "/crypto/encrypt", $$"""{"kid":"{{kid}}","plaintext":"{{Convert.ToBase64String(plaintext)}}"}"""))
                    .ShouldBe(HttpStatusCode.OK)
                    .Text("ciphertext");
                string opened = (await client.PostJsonAsync("/crypto/decrypt", $$"""{"kid":"{{kid}}","ciphertext":"{{ciphertext}}"}"""))
                    .ShouldBe(HttpStatusCode.OK)
                    .Text("plaintext");
                opened.Should().Be(Convert.ToBase64String(plaintext));
            }
        }

        await ShouldBeGoneAsync(service, plaintexts, exceptRegisters: true);
    }

    /// <summary>F-07: no refusal leaves a plaintext that was read before it.</summary>
    [FactIf(Requirement.ProcessMemory)]
    public async Task Plaintexts_are_gone_when_their_requests_are_refused()
    {
        (string Name, string Path, string Body)[] requests =
        [
            ("a wrong type behind", "/crypto/encrypt", "{\"plaintext\":\"*\",\"algorithm\":5}"),
            ("an unknown member behind", "/crypto/encrypt", "{\"plaintext\":\"*\",\"nonsense\":1}"),
            ("twice", "/crypto/encrypt", "{\"plaintext\":\"*\",\"plaintext\":\"*\"}"),
            ("cut off", "/crypto/encrypt", "{\"plaintext\":\"*\""),
            ("no JSON behind", "/crypto/encrypt", "{\"plaintext\":\"*\"} x"),
            ("a context that breaks", "/crypto/encrypt", "{\"plaintext\":\"*\",\"context\":{\"a\":5}}"),
            ("an item that breaks", "/crypto/encrypt", "{\"items\":[{\"plaintext\":\"*\",\"nonsense\":1}]}"),
            ("a later item", "/crypto/encrypt", "{\"items\":[{\"plaintext\":\"*\"},5]}"),
            ("behind its items", "/crypto/encrypt", "{\"items\":[{\"plaintext\":\"*\"}],\"nonsense\":1}"),
            ("a number out of range", "/crypto/encrypt", "{\"plaintext\":\"*\",\"key_version\":0}"),
            ("both", "/crypto/encrypt", "{\"plaintext\":\"*\",\"items\":[{\"plaintext\":\"*\"}]}"),
            ("no such key", "/crypto/encrypt", "{\"plaintext\":\"*\",\"kid\":\"nobody\"}"),
            ("HPKE", "/kem/encrypt", "{\"plaintext\":\"*\",\"nonsense\":1}"),
            ("HPKE, no such key", "/kem/encrypt", "{\"plaintext\":\"*\",\"kid\":\"nobody\"}"),
            ("wrapping", "/kem/key/wrap", "{\"symmetric_key\":\"*\",\"nonsense\":1}"),
            ("wrapping, too long", "/kem/key/wrap", "{\"symmetric_key\":\"*\"}"),
        ];
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        Dictionary<string, byte[]> plaintexts = [];
        using (HttpClient client = service.Client())
        {
            foreach ((string name, string path, string body) in requests)
            {
                byte[] plaintext = RandomNumberGenerator.GetBytes(3_000);
                plaintexts[name] = plaintext;
                string text = body.Replace("*", Convert.ToBase64String(plaintext), StringComparison.Ordinal);
                ((int)(await client.PostJsonAsync(path, text)).Status).Should().BeInRange(400, 404, name);
            }
        }

        // A connection that ends in the middle of a body.
        plaintexts["cut connection"] = RandomNumberGenerator.GetBytes(3_000);
        using (RawConnection cut = await RawConnection.OpenAsync(service.Address))
        {
            string apiKey = await File.ReadAllTextAsync(directory.File("initial-api-key"));
            await cut.SendAsync(
                $"POST /crypto/encrypt HTTP/1.1\r\nHost: x\r\nx-api-key: {apiKey}\r\nContent-Type: application/json\r\n"
                + $"Content-Length: 9000\r\n\r\n{{\"plaintext\":\"{Convert.ToBase64String(plaintexts["cut connection"])}\"");
        }

        await ShouldBeGoneAsync(service, plaintexts);
    }

    /// <summary>A-32: what was opened before its use was refused is zeroed: of three items two are within the limit and answered.</summary>
    [FactIf(Requirement.ProcessMemory)]
    public async Task Plaintexts_are_gone_when_their_uses_are_one_too_many()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        Dictionary<string, byte[]> plaintexts =
            Enumerable.Range(1, 3).ToDictionary(i => $"item {i}", _ => RandomNumberGenerator.GetBytes(3_000));
        using (HttpClient client = service.Client())
        {
            await client.GenerateAsync("AES-256", new { max_usage_limit = 5 });
            Answer made = (await client.PostJsonAsync(
                "/crypto/encrypt",
                JsonSerializer.Serialize(new { items = plaintexts.Values.Select(bytes => new { plaintext = bytes }) })))
                .ShouldBe(HttpStatusCode.OK);
            JsonArray opened = Items((await client.PostJsonAsync(
                "/crypto/decrypt",
                JsonSerializer.Serialize(new { items = Items(made).Select(item => new { ciphertext = (string?)item!["ciphertext"] }) })))
                .ShouldBe(HttpStatusCode.OK));
            opened.Select(item => item!["error"] is null).Should().Equal(true, true, false);
        }

        await ShouldBeGoneAsync(service, plaintexts);

        static JsonArray Items(Answer answer) => answer.Data["items"]!.AsArray();
    }

    [FactIf(Requirement.ProcessMemory)]
    public async Task Data_keys_and_shared_secrets_are_gone_when_they_are_answered()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        Dictionary<string, byte[]> secrets = [];
        using (HttpClient client = service.Client())
        {
            string id = (await client.GenerateAsync("AES-256")).Text("key_id");
            await client.GenerateAsync("ML-KEM-768");
            foreach (string encoding in (string[])["base64", "hex"])
            {
                foreach (int bytes in (int[])[32, 1024])
                {
                    Answer made = (await client.PostJsonAsync("/data-keys/generate", $$"""{"bytes":{{bytes}},"encoding":"{{encoding}}"}"""))
                        .ShouldBe(HttpStatusCode.OK);
                    Answer opened = (await client.PostJsonAsync(
                        "/data-keys/decrypt", $$"""{"ciphertext":"{{made.Text("ciphertext")}}","encoding":"{{encoding}}"}"""))
                        .ShouldBe(HttpStatusCode.OK);
                    opened.Text("plaintext").Should().Be(made.Text("plaintext"));
                    secrets[$"data key, {encoding}, {bytes}"] = encoding == "hex"
                        ? Convert.FromHexString(made.Text("plaintext"))
                        : Convert.FromBase64String(made.Text("plaintext"));
                }
            }

            Answer sent = (await client.PostJsonAsync("/kem/encapsulate", "{}")).ShouldBe(HttpStatusCode.OK);
            Answer received = (await client.PostJsonAsync(
                "/kem/decapsulate", $$"""{"kem_ciphertext":"{{sent.Text("kem_ciphertext")}}","key_version":1}"""))
                .ShouldBe(HttpStatusCode.OK);
            received.Text("shared_secret").Should().Be(sent.Text("shared_secret"));
            secrets["shared secret"] = Convert.FromBase64String(sent.Text("shared_secret"));

            // Not of RSA and ECDSA, as above: OpenSSL makes those.
            AwsSigner signer = await client.CreateAccessKeyAsync();
            Answer pair = await client.CallAsync(signer, "GenerateDataKeyPair", new { KeyId = id, KeyPairSpec = "ML_KEM_768" });
            Answer unwrapped = await client.CallAsync(
                signer, "Decrypt", new { CiphertextBlob = pair.Member("PrivateKeyCiphertextBlob") });
            unwrapped.Member("Plaintext").Should().Be(pair.Member("PrivateKeyPlaintext"));
            secrets["private key of a data key pair"] = Convert.FromBase64String(pair.Member("PrivateKeyPlaintext"));
        }

        await ShouldBeGoneAsync(service, secrets);
    }

    /// <summary>As bytes, as base64 and as hex: one for each place that was found, with where.</summary>
    /// <param name="service">Whose memory is searched.</param>
    /// <param name="secrets">What must be gone, by name.</param>
    /// <param name="exceptRegisters">
    /// Whether one piece without a neighbour may be left: it is what the processor had in a vector register when the thread was interrupted
    /// and its registers were saved on its stack. Any buffer or copy has neighbours. It is most often the last 16 characters that base64's
    /// encoder made at once: of 48 bytes those from 32 on, because what is before is made 32 at once, and what is behind one by one.
    /// </param>
    private static async Task ShouldBeGoneAsync(ServiceProcess service, Dictionary<string, byte[]> secrets, bool exceptRegisters = false)
    {
        (string, byte[])[] looked =
        [
            .. secrets.Select(secret => (secret.Key, secret.Value)),
            .. secrets.Select(secret => ($"base64 of {secret.Key}", Encoding.ASCII.GetBytes(Convert.ToBase64String(secret.Value)))),
            .. secrets.Select(secret => ($"hex of {secret.Key}", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret.Value)))),
        ];

        await LettingGo.OfConnectionsAsync(service);
        List<ProcessMemory.Find> finds = await LettingGo.LookAsync(() =>
        {
            List<ProcessMemory.Find> all = Finds(service, looked);
            return exceptRegisters ? [.. all.Where(find => all.Exists(other => IsNeighbour(find, other)))] : all;
        });

        finds.Select(find => find.ToString()).Should().BeEmpty();
    }

    private static bool IsNeighbour(ProcessMemory.Find one, ProcessMemory.Find other) =>
        one.Name == other.Name && Math.Abs(one.Offset - other.Offset) == Piece && other.Address - one.Address == other.Offset - one.Offset;

    private static async Task WorkAsync(HttpClient client, string kid, string algorithm)
    {
        string? path = algorithm.StartsWith("HMAC", StringComparison.Ordinal) ? "/mac/generate"
            : algorithm == "Ed25519" || algorithm.StartsWith("ML-DSA", StringComparison.Ordinal) ? "/signature/sign"
            : null;
        if (path is not null)
        {
            (await client.PostJsonAsync(path, $$"""{"kid":"{{kid}}","message":"AQID"}""")).ShouldBe(HttpStatusCode.OK);
            return;
        }

        string ciphertext = (await client.PostJsonAsync("/crypto/encrypt", $$"""{"kid":"{{kid}}","plaintext":"AQID"}"""))
            .ShouldBe(HttpStatusCode.OK)
            .Text("ciphertext");
        (await client.PostJsonAsync("/crypto/decrypt", $$"""{"kid":"{{kid}}","ciphertext":"{{ciphertext}}"}"""))
            .ShouldBe(HttpStatusCode.OK);
    }

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static async Task UseAsync(ServiceProcess service)
    {
        using HttpClient client = service.Client();
        for (int i = 0; i < 50; i++)
            (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
    }

    private static List<ProcessMemory.Find> Finds(ServiceProcess service, params (string Name, byte[] Bytes)[] secrets)
    {
        ProcessMemory.Patterns patterns = new();
        foreach ((string name, byte[] bytes) in secrets)
            patterns.Add<byte>(name, bytes, Piece);

        return ProcessMemory.Search(service.Id, patterns);
    }
}
