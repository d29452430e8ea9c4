using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Qkms.Core.Secrets;

namespace Qkms.Api.Http;

/// <summary>Reads and writes secrets as base64 without a string in between. Padding is required, and white space is not base64.</summary>
internal sealed class SecretBytesConverter : JsonConverter<SecretBytes>
{
    public override SecretBytes Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new JsonException();

        SecretBytes secret = ReadText(ref reader);
        RequestSecrets.Add(secret);
        return secret;
    }

    public override void Write(Utf8JsonWriter writer, SecretBytes value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(value.Span);

    private static SecretBytes ReadText(ref Utf8JsonReader reader)
    {
        if (!reader.HasValueSequence && !reader.ValueIsEscaped)
            return Decode(reader.ValueSpan);

        // In pieces, or with escapes such as "\/": put together in memory that is pinned and zeroed again.
        int length = (int)(reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length);
        using SecretBytes text = SecretBytes.Allocate(length, out Span<byte> destination);
        return Decode(destination[..reader.CopyString(destination)]);
    }

    private static SecretBytes Decode(ReadOnlySpan<byte> text)
    {
        int padding = text.EndsWith("=="u8) ? 2 : text.EndsWith("="u8) ? 1 : 0;
        SecretBytes secret = SecretBytes.Allocate(Math.Max(0, ((text.Length >> 2) * 3) - padding), out Span<byte> destination);

        // The decoder skips white space; then the text is longer than the bytes need.
        if (Base64.DecodeFromUtf8(text, destination, out int read, out int written) == OperationStatus.Done
            && read == text.Length
            && written == destination.Length
            && text.Length == Base64.GetMaxEncodedToUtf8Length(written))
        {
            return secret;
        }

        secret.Dispose();
        throw new Base64Exception(text);
    }
}
