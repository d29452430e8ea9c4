using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Qkms.Benchmarks.Load;

/// <summary>What is measured. Plaintexts and messages have 1 KB.</summary>
internal static class LoadCases
{
    private static readonly string _message = Convert.ToBase64String(RandomNumberGenerator.GetBytes(1024));

    internal static IReadOnlyList<LoadCase> All { get; } =
    [
        new("live", null, _ => Get("/hello"), _ => Get("/health/live")),
        new("active", 0.60, _ => Get("/hello"), async service =>
        {
            await service.GenerateAsync("ML-KEM-768");
            return new LoadRequest("/kms/keys/active?algorithm=ML-KEM-768");
        }),
        new("aes-encrypt", 0.60, _ => Post("/aes", new() { ["plaintext"] = _message }), async service =>
        {
            await service.GenerateAsync("AES-256");
            return new LoadRequest("/crypto/encrypt", new() { ["plaintext"] = _message, ["algorithm"] = "AES-256" });
        }),
        new("aes-decrypt", null, async bare => new LoadRequest("/aes-decrypt", new()
        {
            ["ciphertext"] = await EncryptAsync(bare, "/aes", []),
        }), async service =>
        {
            await service.GenerateAsync("AES-256");
            string ciphertext = await EncryptAsync(service, "/crypto/encrypt", new() { ["algorithm"] = "AES-256" });
            return new LoadRequest("/crypto/decrypt", new() { ["ciphertext"] = ciphertext });
        }),
        new("generate", null, _ => Post("/kem-generate", []), _ => Post("/kms/keys/generate", new()
        {
            ["algorithm"] = "ML-KEM-768",
            ["name"] = $"load-{LoadRequest.Number}",
        })),
        new("rotate", null, _ => Post("/data-key", []), async service =>
        {
            for (int slot = 0; slot < LoadRequest.Slots; slot++)
                await service.GenerateAsync("AES-256", name: string.Create(CultureInfo.InvariantCulture, $"rotate-{slot}"));

            return new LoadRequest("/kms/keys/rotate", new() { ["algorithm"] = "AES-256", ["name"] = $"rotate-{LoadRequest.Slot}" });
        }),
        new("data-key", 0.60, _ => Post("/data-key", []), async service =>
        {
            await service.GenerateAsync("AES-256");
            return new LoadRequest("/data-keys/generate", []);
        }),
        new("aws-data-key", null, _ => Post("/data-key", []), async service =>
        {
            (string keyId, AwsSignature signature) = await service.MakeForAwsAsync();
            return new LoadRequest("/", new() { ["KeyId"] = keyId, ["KeySpec"] = "AES_256" })
            {
                Sign = body => signature.HeadersOf("GenerateDataKey", body),
            };
        })
        {
            OnPeer = async peer =>
            {
                AwsSignature signature = new("AKIAQKMSLOADTEST0000", "not-checked-there", peer.Address.Authority);
                JsonNode made = await peer.AskAsync(new LoadRequest("/", []) { Sign = body => signature.HeadersOf("CreateKey", body) });
                return new LoadRequest(
                    "/", new() { ["KeyId"] = (string)made["KeyMetadata"]!["KeyId"]!, ["KeySpec"] = "AES_256" })
                {
                    Sign = body => signature.HeadersOf("GenerateDataKey", body),
                };
            },
        },
        new(
            "kem-decrypt",
            0.60,
            async bare => new LoadRequest("/kem-decrypt", new() { ["ciphertext"] = await EncryptAsync(bare, "/kem-encrypt", []) }),
            async service =>
            {
                await service.GenerateAsync("ML-KEM-768");
                string ciphertext = await EncryptAsync(service, "/kem/encrypt", new() { ["algorithm"] = "ML-KEM-768" });
                return new LoadRequest("/kem/decrypt", new() { ["ciphertext"] = ciphertext, ["algorithm"] = "ML-KEM-768" });
            }),
        new("mldsa-sign", null, _ => Post("/mldsa-sign", new() { ["message"] = _message }), async service =>
        {
            await service.GenerateAsync("ML-DSA-65");
            return new LoadRequest("/signature/sign", new() { ["message"] = _message, ["algorithm"] = "ML-DSA-65" });
        }),
        new("rsa-sign", 0.85, _ => Post("/rsa-sign", new() { ["message"] = _message }), async service =>
        {
            await service.GenerateAsync("RSA-2048", use: "sig");
            return new LoadRequest("/signature/sign", new() { ["message"] = _message, ["algorithm"] = "RSA-2048" });
        }),
    ];

    private static Task<LoadRequest> Get(string path) => Task.FromResult(new LoadRequest(path));

    private static Task<LoadRequest> Post(string path, JsonObject body) => Task.FromResult(new LoadRequest(path, body));

    private static async Task<string> EncryptAsync(ServerUnderLoad server, string path, JsonObject body)
    {
        body["plaintext"] = _message;
        JsonNode answer = await server.PostAsync(path, body);
        return (string)(answer["data"] ?? answer)["ciphertext"]!;
    }
}
