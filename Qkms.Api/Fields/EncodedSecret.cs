using System.Text.Json;
using System.Text.Json.Serialization;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;

namespace Qkms.Api.Fields;

/// <summary>A data key, in base64 or hex.</summary>
internal sealed class DataKeyFieldAttribute : FieldAttribute
{
    public DataKeyFieldAttribute()
    {
        Pattern = $"^({BytesFieldAttribute.Base64Groups}|([0-9a-f]{{2}})+)$";
        (MinLength, MaxLength) = (BytesFieldAttribute.LengthOf(DataKeyIssuer.MinLength), 2 * DataKeyIssuer.MaxLength);
        Example = Examples.SymmetricKey;
    }
}

/// <summary>A secret and the encoding that the caller chose.</summary>
/// <param name="Bytes">The secret.</param>
/// <param name="AsHex">Whether as lower-case hex; otherwise base64.</param>
[DataKeyField]
[JsonConverter(typeof(EncodedSecretConverter))]
internal sealed record EncodedSecret(SecretBytes Bytes, bool AsHex);

/// <summary>Writes such secrets without a string in between.</summary>
internal sealed class EncodedSecretConverter : JsonConverter<EncodedSecret>
{
    public override EncodedSecret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Such secrets are only written.");

    public override void Write(Utf8JsonWriter writer, EncodedSecret value, JsonSerializerOptions options)
    {
        if (!value.AsHex)
        {
            writer.WriteBase64StringValue(value.Bytes.Span);
            return;
        }

        using SecretBytes text = SecretBytes.Allocate(value.Bytes.Length * 2, out Span<byte> destination);
        Convert.TryToHexStringLower(value.Bytes.Span, destination, out _);
        writer.WriteStringValue(destination);
    }
}
