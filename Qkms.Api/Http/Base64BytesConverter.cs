using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Qkms.Api.Http;

/// <summary>
/// Reads and writes bytes that are not secret by the same rule as <see cref="SecretBytesConverter"/>: the platform's own reader skips white
/// space, which is not base64.
/// </summary>
internal sealed class Base64BytesConverter : JsonConverter<byte[]>
{
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new JsonException();

        return reader.TryGetBytesFromBase64(out byte[]? bytes) && LengthOf(reader) == Base64.GetMaxEncodedToUtf8Length(bytes.Length)
            ? bytes
            : throw new Base64Exception(TextOf(reader));
    }

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteBase64StringValue(value);

    private static byte[] TextOf(in Utf8JsonReader reader) => Encoding.UTF8.GetBytes(reader.GetString()!);

    private static long LengthOf(in Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped)
            return reader.GetString()!.Length;

        return reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
    }
}
