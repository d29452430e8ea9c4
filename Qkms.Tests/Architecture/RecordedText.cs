using System.Text.Encodings.Web;
using System.Text.RegularExpressions;

namespace Qkms.Tests.Architecture;

/// <summary>
/// Answers as they are kept: what is random in them is replaced, the same by the same, so that each recording gives the same text.
/// </summary>
internal sealed partial class RecordedText
{
    public static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // Shown shortened; secrets have a length of their own, which the schema demands.
    private static readonly string[] _chained =
        ["leaf_hash", "previous_hash", "mac", "row_seal", "key_seal", "head_hash", "first_previous_hash"];

    private static readonly string[] _bytes =
        ["public_key", "ciphertext", "kem_ciphertext", "wrapped_key", "signature", "pub", .. _chained];
    private static readonly string[] _secrets = ["shared_secret"];

    private readonly Dictionary<string, string> _known = [];

    /// <summary>Members of an example that are to be pasted, with the operation whose answer has them.</summary>
    public static IReadOnlyDictionary<string, string> PastedFrom(JsonNode? example) => (example as JsonObject ?? [])
        .Where(member => member.Value is JsonValue value && value.TryGetValue(out string? text) && Pasted().IsMatch(text))
        .ToDictionary(member => member.Key, member => Pasted().Match((string)member.Value!).Groups[2].Value);

    /// <summary>The operation whose answer has the value of a parameter; null where nothing is to be pasted.</summary>
    public static string? PastedFrom(string example) => Pasted().Match(example) is { Success: true } match ? match.Groups[2].Value : null;

    /// <summary>A body with those members taken from the answers of the operations that they name.</summary>
    public static string Fill(string body, IReadOnlyDictionary<string, JsonNode> answers) => PastedMember().Replace(body, match =>
    {
        JsonNode value = answers[match.Groups[3].Value][match.Groups[1].Value]!;
        return $"\"{match.Groups[1].Value}\":\"{(string)value!}\"";
    });

    public JsonNode Of(string operationId, JsonNode answer) => answer switch
    {
        JsonObject members => new JsonObject(members.Select(m => KeyValuePair.Create(m.Key, Member(operationId, m.Key, m.Value)))),
        JsonArray items => new JsonArray([.. items.Select(item => Member(operationId, "", item))]),
        _ => Member(operationId, "", answer)!,
    };

    private JsonNode? Member(string operationId, string name, JsonNode? value)
    {
        if (value is JsonObject or JsonArray)
            return Of(operationId, value);

        if (value is not JsonValue text || !text.TryGetValue(out string? shown))
            return value?.DeepClone();

        bool isDataKey = name == "plaintext" && operationId.Contains("DataKey", StringComparison.Ordinal);
        return name switch
        {
            _ when isDataKey || _secrets.Contains(name) => Convert.ToBase64String(Fixed(shown, 32)),
            "last_used_at" when operationId.Contains("ApiKey", StringComparison.Ordinal) => "2026-01-02T03:04:05.678Z",
            "account_id" => "493820175566",
            "lookup_id" => Letters(shown, 12),
            "api_key" => string.Join('_', shown.Split('_') is [var prefix, var id, var secret]
                ? [prefix, Letters(id, 12), Letters(secret, secret.Length)]
                : throw new InvalidOperationException("This is no API key.")),
            _ when shown.StartsWith("-----BEGIN", StringComparison.Ordinal) =>
                $"-----BEGIN PUBLIC KEY-----\n{Convert.ToBase64String(Fixed(shown, 24))}\n-----END PUBLIC KEY-----\n",
            _ when _bytes.Contains(name) => Convert.ToBase64String(Short(shown)),
            "next_cursor" => "AZj1wn0efDqbVC8Mah6NN3tEhtv2uHkoVcqiNM1f0zq7S2hYw5uE4pGkTnXbR9oC",
            _ => Uuid().Replace(shown, match => IdFor(match.Value)),
        };
    }

    // The head of a format that has one, which is not random.
    private byte[] Short(string shown)
    {
        byte[] bytes = Fixed(shown, 15);
        if (shown.StartsWith("UUsB", StringComparison.Ordinal))
            Convert.FromBase64String(shown[..8]).AsSpan(0, 5).CopyTo(bytes);

        return bytes;
    }

    private string Letters(string shown, int length) =>
        string.Concat(Convert.ToHexStringLower(Fixed(shown, 32)), Convert.ToHexStringLower(Fixed(shown, 32)))[..length];

    // UUIDs of version 7, in the order in which they are met.
    private string IdFor(string id)
    {
        if (!_known.TryGetValue(id, out string? known))
            _known[id] = known = $"019b7cb{_known.Count % 16:x}-{0x1000 + (_known.Count * 37):x4}-7{Hex(_known.Count)}";

        return known;
    }

    private static string Hex(int number)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"id {number}")));
        return $"{hash[..3]}-a{hash[3..6]}-{hash[6..18]}";
    }

    private byte[] Fixed(string shown, int length)
    {
        if (!_known.TryGetValue(shown, out string? name))
            _known[shown] = name = $"bytes {_known.Count}";

        return SHA256.HashData(Encoding.ASCII.GetBytes(name))[..length];
    }

    [GeneratedRegex("^paste([+-])from[+-]([A-Za-z]+)\\+*\\z")]
    private static partial Regex Pasted();

    [GeneratedRegex("\"([a-z_]+)\": ?\"paste([+-])from[+-]([A-Za-z]+)\\+*\"")]
    private static partial Regex PastedMember();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uuid();
}
