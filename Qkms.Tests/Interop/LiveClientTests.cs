namespace Qkms.Tests.Interop;

/// <summary>
/// A started service and other software, of which neither knows the other: what one makes, the other opens and verifies. The programs are
/// <c>live-*.mjs</c>. They count what held, and the counts are asserted, so that a program that stops early shows nothing.
/// </summary>
public sealed class LiveClientTests
{
    private static readonly string[] _rsaSizes = ["RSA-2048", "RSA-3072", "RSA-4096"];
    private static readonly string[] _oaepHashes = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

    // Sets 3; for each: rounds 10, plaintexts 3, aads 3, contexts 3, wrapped keys 3.
    [FactIf(Requirement.NodePrograms)]
    public Task Shared_secrets_ciphertexts_and_wrapped_keys_with_noble_and_hpke() => RunAsync(
        "live-kem.mjs",
        client => GenerateAsync(client, "ML-KEM-512", "ML-KEM-768", "ML-KEM-1024"),
        new()
        {
            ["public keys, the same raw and as DER, PEM and JWK"] = 3,
            ["encapsulated by noble, decapsulated by Qkms"] = 30,
            ["encapsulated by Qkms, decapsulated by noble"] = 30,
            ["rejected implicitly by both with the same secret"] = 30,
            ["sealed by @hpke, decrypted by /kem/decrypt"] = 27,
            ["sealed by @hpke, refused with another aad and as a wrapped key"] = 27,
            ["encrypted by /kem/encrypt, opened by @hpke"] = 27,
            ["encrypted by /kem/encrypt, refused by @hpke with another aad and as a wrapped key"] = 27,
            ["sealed by @hpke, decrypted by /crypto/decrypt"] = 27,
            ["sealed by @hpke, refused in another context"] = 27,
            ["sealed by @hpke for /crypto/decrypt, refused by /kem/decrypt, and the other way round"] = 27,
            ["encrypted by /crypto/encrypt, opened by @hpke"] = 27,
            ["encrypted by /crypto/encrypt, refused by @hpke in another context"] = 27,
            ["sealed by @hpke, decrypted as an item"] = 9,
            ["wrapped by Qkms, opened by @hpke"] = 27,
            ["wrapped by Qkms, refused by @hpke and Qkms as a ciphertext"] = 27,
            ["wrapped by @hpke, unwrapped by Qkms"] = 27,
        });

    // Sets 3; for each: contexts 3, and for each of them messages 3 and hashes 3. Below the strength are SHA-256 for ML-DSA-65, SHA-256
    // and SHA-384 for ML-DSA-87.
    [FactIf(Requirement.NodePrograms)]
    public Task Signatures_with_noble() => RunAsync(
        "live-signatures.mjs",
        client => GenerateAsync(client, "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"),
        new()
        {
            ["public keys, the same raw and as DER, PEM and JWK"] = 3,
            ["signed by Qkms, verified by noble"] = 27,
            ["signed by Qkms, not valid at noble for another message and in another context"] = 27,
            ["signed by Qkms by its mu, verified by noble, not valid for another message"] = 27,
            ["signed by noble, verified by Qkms by its mu, not valid for another one"] = 27,
            ["signed by noble, hedged, verified by Qkms"] = 27,
            ["signed by noble, hedged, not valid at Qkms for another message and in another context"] = 27,
            ["signed by noble, deterministic, verified by Qkms"] = 27,
            ["signed by noble, deterministic, not valid at Qkms for another message and in another context"] = 27,
            ["HashML-DSA: signed by Qkms, verified by noble"] = 18,
            ["HashML-DSA: signed by Qkms, not valid at noble for another message, in another context and as a pure signature"] = 18,
            ["HashML-DSA: signed by noble, verified by Qkms"] = 18,
            ["HashML-DSA: signed by noble, not valid at Qkms for another message, in another context and as a pure signature"] = 18,
            ["HashML-DSA, with the warning of a weak hash: signed by Qkms, verified by noble"] = 9,
            ["HashML-DSA, with the warning of a weak hash: signed by Qkms, not valid at noble for another message, in another "
                + "context and as a pure signature"] = 9,
            ["HashML-DSA, with the warning of a weak hash: signed by noble, verified by Qkms"] = 9,
            ["HashML-DSA, with the warning of a weak hash: signed by noble, not valid at Qkms for another message, in another "
                + "context and as a pure signature"] = 9,
        });

    // Sizes 3; for each: OAEP hashes 4 with plaintexts 3, hashes of signatures 3 with each padding.
    [FactIf(Requirement.NodePrograms, "openssl")]
    public Task Rsa_with_WebCrypto_and_openssl() => RunAsync(
        "live-rsa.mjs",
        GenerateRsaAsync,
        new()
        {
            ["public keys, the same raw and as DER, PEM and JWK"] = 15,
            ["OAEP: encrypted by WebCrypto, decrypted by Qkms"] = 36,
            ["OAEP: encrypted by WebCrypto, damaged, refused by Qkms"] = 36,
            ["OAEP: encrypted by openssl, decrypted by Qkms"] = 36,
            ["OAEP: encrypted by openssl, damaged, refused by Qkms"] = 36,
            ["OAEP: encrypted by Qkms, decrypted by WebCrypto"] = 36,
            ["OAEP: encrypted by Qkms, decrypted by openssl"] = 36,
            ["PSS: signed by /signature/sign, verified by WebCrypto, not valid for another message"] = 9,
            ["PSS: signed by /signature/sign, verified by openssl dgst, not valid for another message"] = 9,
            ["PSS: signed by /signature/sign, verified by openssl pkeyutl, not valid for another message"] = 9,
            ["PSS: signed by /signature/sign-hash, verified by WebCrypto, not valid for another message"] = 9,
            ["PSS: signed by /signature/sign-hash, verified by openssl dgst, not valid for another message"] = 9,
            ["PSS: signed by /signature/sign-hash, verified by openssl pkeyutl, not valid for another message"] = 9,
            ["PSS: signed by WebCrypto, verified by /signature/verify, not valid for another message"] = 9,
            ["PSS: signed by openssl dgst, verified by /signature/verify, not valid for another message"] = 9,
            ["PSS: signed by openssl pkeyutl, verified by /signature/verify, not valid for another message"] = 9,
            ["PSS: signed by WebCrypto, verified by /signature/verify-hash, not valid for another message"] = 9,
            ["PSS: signed by openssl dgst, verified by /signature/verify-hash, not valid for another message"] = 9,
            ["PSS: signed by openssl pkeyutl, verified by /signature/verify-hash, not valid for another message"] = 9,
            ["PKCS #1 v1.5: signed by Qkms, verified by WebCrypto, not valid for another message, the same as by openssl"] = 18,
            ["PKCS #1 v1.5: signed by openssl, verified by Qkms, not valid for another message nor as PSS"] = 18,
        });

    // Messages 3, the empty one among them, which is for Node alone.
    [FactIf(Requirement.NodePrograms, "openssl")]
    public Task Ed25519_with_Node_and_openssl() => RunAsync(
        "live-ed25519.mjs",
        client => GenerateAsync(client, "Ed25519"),
        new()
        {
            ["public keys, the same raw and as DER, PEM and JWK"] = 1,
            ["signed by Qkms, verified by Node, not valid for another message"] = 3,
            ["signed by Qkms, verified by openssl, not valid for another message"] = 2,
            ["signed by Node, the same as by Qkms and verified there, not valid for another message"] = 3,
            ["signed by openssl, the same as by Qkms and verified there, not valid for another message"] = 2,
        });

    // Curves 3; for each: messages 3, which Qkms signs as message and as hash.
    [FactIf(Requirement.NodePrograms, "openssl")]
    public Task Ecdsa_with_Node_and_openssl() => RunAsync(
        "live-ecdsa.mjs",
        client => GenerateAsync(client, "EC-P256", "EC-P384", "EC-P521"),
        new()
        {
            ["public keys, the same raw and as DER, PEM and JWK"] = 3,
            ["signed by Qkms, verified by Node, not valid for another message"] = 18,
            ["signed by Qkms, verified by openssl, not valid for another message"] = 18,
            ["signed by Node, verified by Qkms, not valid for another message"] = 9,
            ["signed by openssl, verified by Qkms, not valid for another message"] = 9,
        });

    // Contexts 6; for each: plaintexts 4, key versions 2, lengths of data keys 3 in encodings 2. Items are those of the
    // three shorter plaintexts.
    [FactIf(Requirement.NodePrograms)]
    public Task Blobs_and_data_keys_with_WebCrypto() => RunAsync(
        "live-blob.mjs",
        async client => [(await client.GenerateAsync("AES-256")).Text("kid"), (await client.RotateAsync("AES-256")).Text("kid")],
        new()
        {
            ["encrypted by Qkms, opened in Node"] = 24,
            ["encrypted by Qkms, refused in Node in another context, as a data key and under another key"] = 24,
            ["sealed in Node, decrypted by Qkms"] = 48,
            ["sealed in Node, refused by Qkms in another context and as a data key"] = 48,
            ["sealed in Node under the retired version, re-encrypted by Qkms, opened in Node under the active one"] = 24,
            ["data key made by Qkms, opened in Node"] = 36,
            ["data key made by Qkms, refused in Node and by Qkms as a ciphertext"] = 36,
            ["data key made by Qkms unseen, opened the same in Node and by Qkms"] = 18,
            ["data key sealed in Node, opened by Qkms"] = 36,
            ["sealed in Node, decrypted by Qkms as an item"] = 36,
            ["encrypted by Qkms as an item, opened in Node"] = 18,
        });

    private static async Task<IReadOnlyList<string>> GenerateAsync(HttpClient client, params string[] algorithms)
    {
        List<string> kids = [];
        foreach (string algorithm in algorithms)
            kids.Add((await client.GenerateAsync(algorithm)).Text("kid"));

        return kids;
    }

    private static async Task<IReadOnlyList<string>> GenerateRsaAsync(HttpClient client)
    {
        List<string> kids = [];
        foreach (string size in _rsaSizes)
        {
            foreach (string hash in _oaepHashes)
                kids.Add((await client.GenerateAsync(size, new { oaep_hash = hash, name = hash })).Text("kid"));

            kids.Add((await client.GenerateAsync(size, new { use = "sig" })).Text("kid"));
        }

        return kids;
    }

    private static async Task RunAsync(
        string program, Func<HttpClient, Task<IReadOnlyList<string>>> generate, Dictionary<string, int> expected)
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient client = service.Client();
        IReadOnlyList<(KeyVersion Version, byte[] Secret)> keys = await Materials.ExportAsync(service, await generate(client));
        string input = JsonSerializer.Serialize(new
        {
            url = service.Address.GetLeftPart(UriPartial.Authority),
            apiKey = client.DefaultRequestHeaders.GetValues("x-api-key").Single(),
            keys = keys.Select(key => new
            {
                kid = key.Version.Kid.Value,
                algorithm = key.Version.Algorithm.Name,
                versionId = key.Version.Id.Value,
                oaepHash = key.Version.OaepHash,
                privateKey = key.Secret,
            }),
        });

        JsonNode counts = JsonNode.Parse(await NodeProgram.RunAsync(program, input))!;

        counts.AsObject().ToDictionary(count => count.Key, count => (int)count.Value!).Should().BeEquivalentTo(expected);
    }
}
