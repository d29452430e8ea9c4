namespace Qkms.Tests.Support;

/// <summary>One operation on one key version, with input that it succeeds with: everything of the request but which key.</summary>
/// <param name="Route">Where it is posted.</param>
/// <param name="Algorithm">The algorithm of the key.</param>
/// <param name="Name">The name of the key.</param>
/// <param name="Kid">The version for which the input was made.</param>
/// <param name="Creates">Whether it makes something new, which only an active version does.</param>
/// <param name="Input">The members of the body that are not the choice of the key.</param>
internal sealed record PreparedUse(string Route, string Algorithm, string Name, string Kid, bool Creates, JsonObject Input)
{
    private static readonly byte[] _text = "to be or not"u8.ToArray();
    private static readonly byte[] _hash = SHA512.HashData(_text);

    /// <summary>Whether a ciphertext says by itself which version opens it.</summary>
    public bool NamesItsKey => Algorithm == KeyUseVerbs.Aes && !Creates;

    /// <summary>Whether it makes a signature or a MAC.</summary>
    public bool Signs => Creates && (Route.StartsWith("/signature/", StringComparison.Ordinal) || IsOfMacs);

    /// <summary>Whether it says whether a signature or a MAC is valid.</summary>
    public bool Verifies => !Creates && (Route.StartsWith("/signature/", StringComparison.Ordinal) || IsOfMacs);

    /// <summary>Whether it counts: to verify a signature nobody needs the service.</summary>
    public bool Counts => !Verifies || IsOfMacs;

    private bool IsOfMacs => Route.StartsWith("/mac/", StringComparison.Ordinal);

    public object ByKid => new { kid = Kid };

    public object ByNumber => new { key_version = 1, algorithm = Algorithm, name = Name };

    public object ByName => new { algorithm = Algorithm, name = Name };

    public Task<Answer> SendAsync(HttpClient client, object choice) => client.UseAsync(Route, Input, choice);

    public override string ToString() => $"{Route} with {Algorithm}";

    /// <summary>
    /// Makes a key of each family under a name, and everything that can be done with them. RSA has two keys, one for each use.
    /// </summary>
    public static async Task<IReadOnlyList<PreparedUse>> PrepareAsync(HttpClient client, string name)
    {
        List<PreparedUse> uses = [];
        string aes = await GenerateAsync(KeyUseVerbs.Aes);
        Add("/crypto/encrypt", KeyUseVerbs.Aes, aes, creates: true, new { plaintext = _text });
        await AddReadingAsync(
            "/crypto/encrypt", new { plaintext = _text }, "/crypto/decrypt", "ciphertext", "ciphertext", KeyUseVerbs.Aes, aes);
        Add("/data-keys/generate", KeyUseVerbs.Aes, aes, creates: true, new { });
        await AddReadingAsync("/data-keys/generate", new { }, "/data-keys/decrypt", "ciphertext", "ciphertext", KeyUseVerbs.Aes, aes);

        string kem = await GenerateAsync(KeyVerbs.Kem);
        foreach (string road in new[] { "/crypto", "/kem" })
        {
            Add($"{road}/encrypt", KeyVerbs.Kem, kem, creates: true, new { plaintext = _text });
            await AddReadingAsync(
                $"{road}/encrypt", new { plaintext = _text }, $"{road}/decrypt", "ciphertext", "ciphertext", KeyVerbs.Kem, kem);
        }

        Add("/kem/key/wrap", KeyVerbs.Kem, kem, creates: true, new { symmetric_key = _hash });
        await AddReadingAsync(
            "/kem/key/wrap", new { symmetric_key = _hash }, "/kem/key/unwrap", "wrapped_key", "wrapped_key", KeyVerbs.Kem, kem);
        Add("/kem/encapsulate", KeyVerbs.Kem, kem, creates: true, new { });
        await AddReadingAsync("/kem/encapsulate", new { }, "/kem/decapsulate", "kem_ciphertext", "kem_ciphertext", KeyVerbs.Kem, kem);

        string rsa = await GenerateAsync("RSA-2048");
        Add("/crypto/encrypt", "RSA-2048", rsa, creates: true, new { plaintext = _text });
        await AddReadingAsync("/crypto/encrypt", new { plaintext = _text }, "/crypto/decrypt", "ciphertext", "ciphertext", "RSA-2048", rsa);

        foreach ((string algorithm, string kid) in
            new[]
            {
                (KeyUseVerbs.Dsa, await GenerateAsync(KeyUseVerbs.Dsa)),
                ("RSA-2048", await GenerateAsync("RSA-2048", "sig")),
                ("EC-P256", await GenerateAsync("EC-P256")),
            })
        {
            Add("/signature/sign", algorithm, kid, creates: true, new { message = _text });
            await AddReadingAsync(
                "/signature/sign",
                new { message = _text },
                "/signature/verify",
                "signature",
                "signature",
                algorithm,
                kid,
                new { message = _text });
            object hashed = new { hash = _hash, hash_algorithm = "SHA-512" };
            Add("/signature/sign-hash", algorithm, kid, creates: true, hashed);
            await AddReadingAsync(
                "/signature/sign-hash", hashed, "/signature/verify-hash", "signature", "signature", algorithm, kid, hashed);
        }

        string ed25519 = await GenerateAsync("Ed25519");
        Add("/signature/sign", "Ed25519", ed25519, creates: true, new { message = _text });
        await AddReadingAsync(
            "/signature/sign",
            new { message = _text },
            "/signature/verify",
            "signature",
            "signature",
            "Ed25519",
            ed25519,
            new { message = _text });

        string hmac = await GenerateAsync("HMAC-256");
        Add("/mac/generate", "HMAC-256", hmac, creates: true, new { message = _text });
        await AddReadingAsync(
            "/mac/generate", new { message = _text }, "/mac/verify", "mac", "mac", "HMAC-256", hmac, new { message = _text });

        return uses;

        async Task<string> GenerateAsync(string algorithm, string? use = null) =>
            (await client.GenerateAsync(algorithm, use is null ? new { name } : new { name, use })).Text("kid");

        void Add(string route, string algorithm, string kid, bool creates, object input) =>
            uses.Add(new PreparedUse(route, algorithm, name, kid, creates, ToJson(input)));

        async Task AddReadingAsync(
            string maker, object input, string reader, string from, string to, string algorithm, string kid, object? more = null)
        {
            Answer made = await client.MustUseAsync(maker, input, new { kid });
            JsonObject read = ToJson(more ?? new { });
            read[to] = made.Text(from);
            uses.Add(new PreparedUse(reader, algorithm, name, kid, Creates: false, read));
        }
    }

    private static JsonObject ToJson(object members) => (JsonObject)JsonSerializer.SerializeToNode(members)!;
}
