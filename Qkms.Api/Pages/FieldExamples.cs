using System.Text.Json.Nodes;

namespace Qkms.Api.Pages;

/// <summary>Example values by the name of the member. Together they are one ML-KEM-768 key; keys and cursors are shortened.</summary>
internal static class FieldExamples
{
    private const string Time = "2026-01-02T03:04:05.678Z";

    private static readonly Dictionary<string, JsonNode> _examples = new(StringComparer.Ordinal)
    {
        ["kid"] = "0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37",
        ["previous_kid"] = "0198f5c2-7d1c-7b41-a6c0-93d5e27f1b08",
        ["next_kid"] = "0198f5c2-7d20-7e95-8c13-d84b60a7f952",
        ["key_id"] = "0198f5c2-7d1d-7a10-8f2e-5b7d90c4e6a1",
        ["key_version"] = 1,
        ["requested_kid"] = "0198f5c2-7d1c-7b41-a6c0-93d5e27f1b08",
        ["source_kid"] = "0198f5c2-7d1c-7b41-a6c0-93d5e27f1b08",
        ["old_key_version"] = 1,
        ["expected_key_version"] = 1,
        ["name"] = "default",
        ["algorithm"] = "ML-KEM-768",
        ["algorithm_id"] = "ML-KEM-768",
        ["alg"] = "ML-KEM-768",
        ["use"] = "enc",
        ["status"] = "active",
        ["oaep_hash"] = "SHA-256",
        ["public_key"] = "e0SG2/a4eShVyqI0",
        ["plaintext"] = "aGVsbG8=",
        ["ciphertext"] = "UUsBAQEBmPXCfR58OptU",
        ["kem_ciphertext"] = "e0SG2/a4eShVyqI0",
        ["shared_secret"] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ["symmetric_key"] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ["wrapped_key"] = "e0SG2/a4eShVyqI0",
        ["wrapping_method"] = "KEM-DEM",
        ["aad"] = "aW52b2ljZSA0Nw==",
        ["signature"] = "e0SG2/a4eShVyqI0",
        ["signature_context"] = "aW52b2ljZXM=",
        ["signature_type"] = "detached",
        ["hash"] = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        ["hash_algorithm"] = "SHA-256",
        ["bytes"] = 32,
        ["encoding"] = "base64",
        ["warnings"] = new JsonArray("SHA-256 is weaker than ML-DSA-65 (FIPS 204, section 5.4): use a longer hash, or sign the message itself."),
        ["context"] = new JsonObject { ["purpose"] = "demo" },
        ["pub"] = "e0SG2_a4eShVyqI0",
        ["n"] = "4eShVyqI0e0SG2_a",
        ["e"] = "AQAB",
        ["created_at"] = Time,
        ["retired_at"] = Time,
        ["revoked_at"] = Time,
        ["destroy_at"] = Time,
        ["destroyed_at"] = Time,
        ["waiting_days"] = 30,
        ["timestamp"] = Time,
        ["request_id"] = "0198f5c2-7d1f-7b6e-a3d8-41c9e07b52f0",
        ["reason"] = "The laptop that held a backup was stolen.",
        ["total"] = 1,
        ["unreadable"] = new JsonArray("0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37"),
        ["next_cursor"] = "AZj1wn0efDqbVC8Mah6NN3tEhtv2uHkoVcqiNM1f0zq7S2hYw5uE4pGkTnXbR9oC",
        ["nist_level"] = 3,
        ["public_key_size"] = 1184,
        ["ciphertext_size"] = 1088,
        ["shared_secret_size"] = 32,
        ["signature_size"] = 3309,
        ["error_code"] = "ERR_INVALID_001",
        ["message"] = "The request is not valid.",
        ["field"] = "algorithm",
    };

    /// <summary>An example value for a member of this name, or null.</summary>
    public static JsonNode? Of(string member) => _examples.GetValueOrDefault(member)?.DeepClone();
}
