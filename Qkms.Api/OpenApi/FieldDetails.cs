using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Qkms.Api.Keys;
using Qkms.Core.Algorithms;
using Qkms.Core.Audit;
using Qkms.Core.Keys;

namespace Qkms.Api.OpenApi;

/// <summary>Patterns, bounds and lists of words, by the name of a field: a name means the same in bodies and in queries.</summary>
internal static class FieldDetails
{
    public static void Describe(string name, OpenApiSchema schema)
    {
        switch (name)
        {
            case "kid":
                schema.Pattern = Kid.Pattern;
                break;
            case "name":
                schema.Pattern = KeyName.Pattern;
                schema.MaxLength = KeyName.MaxLength;
                break;
            case "use":
                schema.Enum = Words("enc", "sig");
                break;
            case "status":
                schema.Enum = Words([.. Enum.GetValues<KeyStatus>().Select(status => status.ToWire())]);
                break;
            case "algorithm":
                schema.Enum = Words([.. KeyAlgorithm.AcceptedSpellings]);
                break;
            case "algorithm_id":
                schema.Enum = Words([.. KeyAlgorithm.All.Select(algorithm => algorithm.Name)]);
                break;
            case "oaep_hash":
                schema.Enum = Words([.. OaepHash.All]);
                break;
            case "format":
                schema.Enum = Words([.. PublicKeyFormats.ByName.Keys]);
                break;
            case "key_version" or "expected_key_version" or "old_key_version":
                schema.Minimum = "1";
                break;
            case "reason":
                schema.MaxLength = AuditEvent.MaxReasonLength;
                break;
            case "cursor":
                schema.MinLength = schema.MaxLength = KeyListCursor.TextLength;
                break;
            case "limit":
                schema.Minimum = "1";
                schema.Maximum = ListKeysQuery.MaxLimit.ToString(System.Globalization.CultureInfo.InvariantCulture);
                schema.Default = ListKeysQuery.MaxLimit;
                break;
        }

        // Where a null may stand, a list of words has to name it.
        if (schema is { Enum: { } words, Type: { } types } && types.HasFlag(JsonSchemaType.Null))
            words.Add(JsonNullSentinel.JsonNull);
    }

    private static List<JsonNode> Words(params string[] words) => [.. words.Select(word => (JsonNode)word)];
}
