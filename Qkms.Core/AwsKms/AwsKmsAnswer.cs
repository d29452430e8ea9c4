using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Qkms.Core.AwsKms;

/// <summary>Reads what another KMS answers, and makes no string of it but the name of an exception.</summary>
internal static class AwsKmsAnswer
{
    /// <summary>The longest ciphertext of AWS KMS, in bytes (API reference, <c>Encrypt</c>).</summary>
    public const int MaxCiphertext = 6144;

    private const int MaxTypeLength = 128;

    /// <summary>The ciphertext in an answer to <c>Encrypt</c>; null where there is none.</summary>
    public static byte[]? FindCiphertext(ReadOnlySpan<byte> answer)
    {
        byte[] text = new byte[Base64.GetMaxEncodedToUtf8Length(MaxCiphertext)];
        byte[] ciphertext = new byte[MaxCiphertext];
        return TryFind(answer, "CiphertextBlob"u8, text, out int length)
            && Base64.DecodeFromUtf8(text.AsSpan(0, length), ciphertext, out _, out int written) == OperationStatus.Done
            && written > 0
            ? ciphertext[..written]
            : null;
    }

    /// <summary>The plaintext in an answer to <c>Decrypt</c>, which ends with the caller; null where there is none of this size.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="size">Its size in bytes.</param>
    public static SecretBytes? FindPlaintext(ReadOnlySpan<byte> answer, int size)
    {
        // JSON may escape each character as six.
        Span<byte> text = stackalloc byte[6 * Base64.GetMaxEncodedToUtf8Length(size)];
        SecretBytes plaintext = SecretBytes.Allocate(size, out Span<byte> destination);
        try
        {
            if (TryFind(answer, "Plaintext"u8, text, out int length)
                && Base64.DecodeFromUtf8(text[..length], destination, out _, out int written) == OperationStatus.Done
                && written == size)
                return plaintext;

            plaintext.Dispose();
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <summary>The name of the exception that was answered; null where there is none.</summary>
    public static string? FindType(ReadOnlySpan<byte> answer)
    {
        Span<byte> text = stackalloc byte[MaxTypeLength];
        if (!TryFind(answer, "__type"u8, text, out int length))
            return null;

        // Its namespace may stand before it, and a URL behind it.
        ReadOnlySpan<byte> type = text[..length];
        type = type[(type.LastIndexOf((byte)'#') + 1)..];
        int colon = type.IndexOf((byte)':');
        string name = Encoding.ASCII.GetString(colon < 0 ? type : type[..colon]);
        return name.Length > 0 && name.All(char.IsAsciiLetterOrDigit) ? name : null;
    }

    // One member of an object, as text; not found where it is longer than the room for it, or where the whole is not JSON.
    private static bool TryFind(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        length = 0;
        bool isFound = false;
        Utf8JsonReader reader = new(answer);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isWanted = reader.ValueTextEquals(name);
                reader.Read();
                if (isWanted)
                {
                    if (isFound || reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > value.Length)
                        return false;

                    length = reader.CopyString(value);
                    isFound = true;
                }

                reader.Skip();
            }

            return isFound && !reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It is not JSON, or its text is not UTF-8.
            return false;
        }
    }
}
