using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Qkms.Api.Encryption;
using Qkms.Api.Encryption.Kem;
using Qkms.Api.Fields;
using Qkms.Api.Keys;
using Qkms.Api.Signatures;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Signatures;

namespace Qkms.Api.Pages;

/// <summary>Patterns, sizes, bounds and lists of words, by the name of a field: a name means the same in bodies and in queries.</summary>
internal static class FieldDetails
{
    /// <summary>Any number of bytes (RFC 4648, section 4): groups of four with padding, unused bits zero.</summary>
    internal const string Base64 = $"^{Base64Groups}$";

    private const string Base64Groups = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?";
    private const string Base64OrHex = $"^({Base64Groups}|([0-9a-f]{{2}})+)$";
    private const string Base64Of32 = "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$";

    // 32, 48 or 64 bytes.
    private const string Base64OfHash = "^([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{85}[AQgw]==)$";
    private const string Base64Url = "^[A-Za-z0-9_-]+$";
    private const string KidOrNumber = "^[A-Za-z0-9][A-Za-z0-9._-]*$";

    // Texts for people are short; the longest lists the algorithms.
    private const int MaxMessageLength = 1000;

    public static void Describe(string name, OpenApiSchema schema)
    {
        if (schema.Type?.HasFlag(JsonSchemaType.Array) == true)
            DescribeList(name, schema);
        else
            DescribeValue(name, schema);

        // Where a null may stand, a list of words has to name it.
        if (schema is { Enum: { } words, Type: { } types } && types.HasFlag(JsonSchemaType.Null))
            words.Add(JsonNullSentinel.JsonNull);
    }

    /// <summary>A list of words in the form of schemas.</summary>
    public static List<JsonNode> Words(params IEnumerable<string> words) => [.. words.Select(word => (JsonNode)word)];

    private static void DescribeValue(string name, OpenApiSchema schema)
    {
        switch (name)
        {
            case "kid" or "previous_kid" or "next_kid" or "requested_kid" or "source_kid":
                schema.Pattern = Kid.Pattern;
                schema.MaxLength = Kid.MaxLength;
                break;
            case "key":
                schema.Pattern = KidOrNumber;
                schema.MaxLength = Kid.MaxLength;
                break;
            case "name":
                schema.Pattern = KeyName.Pattern;
                schema.MaxLength = KeyName.MaxLength;
                break;
            case "use":
                schema.Enum = Words("enc", "sig");
                break;
            case "status":
                schema.Enum = Words(Enum.GetValues<KeyStatus>().Select(status => status.ToWire()));
                break;
            case "algorithm":
                schema.MinLength = null; // the words say it all
                schema.Enum = Words(KeyAlgorithm.AcceptedSpellings);
                break;
            case "algorithm_id":
                schema.Enum = Words(KeyAlgorithm.All.Select(algorithm => algorithm.Name));
                break;
            case "oaep_hash":
                schema.Enum = Words(OaepHash.All);
                break;
            case "format":
                schema.Enum = Words(PublicKeyFormats.ByName.Keys);
                break;
            case "key_version" or "expected_key_version" or "old_key_version":
            case "public_key_size" or "ciphertext_size" or "shared_secret_size" or "signature_size":
                schema.Minimum = "1";
                break;
            case "nist_level":
                schema.Minimum = "1";
                schema.Maximum = "5";
                break;
            case "total":
                schema.Minimum = "0";
                break;
            case "public_key":
                schema.Pattern = Base64;
                schema.MinLength = 4;
                break;
            case "shared_secret":
                schema.Pattern = Base64Of32;
                break;
            case "hash":
                schema.Pattern = Base64OfHash;
                break;
            case "symmetric_key":
                DescribeBytes(schema, 1, KemEndpoints.MaxWrappedKey);
                break;
            case "aad":
                DescribeBytes(schema, 0, KemEndpoints.MaxAad);
                break;
            case "signature_context":
                DescribeBytes(schema, 0, Signer.MaxContextLength);
                break;
            case "plaintext" or "message" when schema.Format == "byte":
                DescribeBytes(schema, 0, SizeRules.MaxPayload);
                break;
            case "ciphertext" or "kem_ciphertext" or "wrapped_key":
                DescribeBytes(schema, 0, SizeRules.MaxCiphertext);
                break;
            case "signature":
                DescribeBytes(schema, 0, 2 * SizeRules.MaxPayload); // as much as a body holds
                break;
            case "bytes":
                schema.Minimum = DataKeyIssuer.MinLength.ToString(CultureInfo.InvariantCulture);
                schema.Maximum = DataKeyIssuer.MaxLength.ToString(CultureInfo.InvariantCulture);
                break;
            case "encoding":
                schema.Enum = Words(SecretEncodings.Base64, SecretEncodings.Hex);
                break;
            case "hash_algorithm":
                schema.Enum = Words(SignatureHash.All.Select(hash => hash.Name));
                break;
            case "wrapping_method":
                schema.Enum = Words(KemEndpoints.WrappingMethod);
                break;
            case "signature_type":
                schema.Enum = Words(SignatureEndpoints.SignatureType);
                break;
            case "context":
                DescribeContext(schema);
                break;
            case "pub" or "n" or "e":
                schema.Pattern = Base64Url;
                break;
            case "waiting_days":
                schema.Minimum = KeyDestruction.MinWaitingDays.ToString(CultureInfo.InvariantCulture);
                schema.Maximum = KeyDestruction.MaxWaitingDays.ToString(CultureInfo.InvariantCulture);
                schema.Default = KeyDestruction.DefaultWaitingDays;
                break;
            case "reason":
                schema.MaxLength = JournalEvent.MaxReasonLength;
                schema.Pattern = "^[^\\u0000]*$";
                break;
            case "cursor" or "next_cursor":
                schema.Pattern = Base64Url;
                schema.MinLength = schema.MaxLength = KeyListCursor.TextLength;
                break;
            case "limit":
                schema.Minimum = "1";
                schema.Maximum = ListKeysQuery.MaxLimit.ToString(CultureInfo.InvariantCulture);
                schema.Default = ListKeysQuery.MaxLimit;
                break;
            case "error_code":
                schema.Pattern = "^ERR_[A-Z]+(_[A-Z]+)*_[0-9]{3}$";
                break;
            case "message":
                schema.MaxLength = MaxMessageLength;
                break;
            case "field":
                schema.MaxLength = 64;
                break;
        }
    }

    /// <summary>A byte string in base64. A length that is not a multiple of three is rounded up to one; the service counts the bytes.</summary>
    public static void DescribeBytes(OpenApiSchema schema, int min, int max)
    {
        schema.Pattern = Base64;
        schema.MinLength = min == 0 ? null : Base64Length(min);
        schema.MaxLength = Base64Length(max);
    }

    /// <summary>A data key, in base64 or in hex.</summary>
    public static void DescribeDataKey(OpenApiSchema schema)
    {
        schema.Pattern = Base64OrHex;
        schema.MinLength = Base64Length(DataKeyIssuer.MinLength);
        schema.MaxLength = 2 * DataKeyIssuer.MaxLength;
    }

    private static int Base64Length(int bytes) => (bytes + 2) / 3 * 4;

    // Names are not empty, and values are text: null is none.
    private static void DescribeContext(OpenApiSchema schema)
    {
        schema.MaxProperties = EncryptionContext.MaxMembers;
        schema.AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = EncryptionContext.MaxCanonicalSize };
        schema.PropertyNames = new OpenApiSchema { MinLength = 1, MaxLength = EncryptionContext.MaxCanonicalSize };
    }

    private static void DescribeList(string name, OpenApiSchema schema)
    {
        OpenApiSchema? item = schema.Items as OpenApiSchema;
        switch (name)
        {
            case "keys" or "unreadable":
                schema.MaxItems = ListKeysQuery.MaxLimit;
                break;
            case "algorithms":
                schema.MaxItems = KeyAlgorithm.All.Count;
                break;
            case "details":
                schema.MaxItems = 20;
                break;
            case "items":
                schema.MinItems = 1;
                schema.MaxItems = BatchRules.MaxItems;
                break;
            case "warnings":
                schema.MaxItems = 10;
                item!.MaxLength = MaxMessageLength;
                break;
            case "aliases":
                schema.MaxItems = 1;
                item!.Enum = Words(KeyAlgorithm.All.Select(algorithm => algorithm.Alias).OfType<string>());
                break;
            case "use":
                schema.MaxItems = 2;
                item!.Enum = Words("enc", "sig");
                break;
            case "operations":
                item!.Enum = Words("encapsulate", "decapsulate", "encrypt", "decrypt", "wrap", "unwrap", "sign", "verify", "generate-data-key", "decrypt-data-key");
                schema.MaxItems = item.Enum.Count;
                break;
        }

        if (name == "unreadable")
            DescribeValue("kid", item!);
    }
}
