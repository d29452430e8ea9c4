using System.Buffers;
using System.Buffers.Text;

namespace Qkms.Core.Keyrings;

/// <summary>
/// The written form of a root key: base64 (RFC 4648, section 4) of 32 bytes, one newline after it or none, and nothing else.
/// </summary>
internal static class RootKeyText
{
    /// <summary>More than a key has, so that for a near miss, such as hexadecimal, the message can say how long it is.</summary>
    public const int MaxLength = 256;

    private const int EncodedLength = 44;
    // Of 32 random bytes 8 or fewer are different with a probability below 2^-110.
    private const int FewestDifferent = 9;

    private const string Repair = "It must be the base64 form of 32 random bytes, as 'openssl rand -base64 32' prints it.";

    /// <summary>The key that <paramref name="text"/> spells.</summary>
    /// <exception cref="RootKeyException">It spells none.</exception>
    public static SecretBytes Decode(ReadOnlySpan<byte> text, string source)
    {
        ReadOnlySpan<byte> line = WithoutNewline(text);
        if (line.IsEmpty)
            throw RootKeyException.Unusable(source, "is empty", Repair);

        if (line.Length != EncodedLength)
            throw RootKeyException.Unusable(source, $"has {line.Length} characters instead of {EncodedLength}", Repair);

        SecretBytes key = SecretBytes.Allocate(RootKey.Size, out Span<byte> destination);

        // The platform's decoder skips white space. 44 characters that give 32 bytes leave room for none.
        OperationStatus status = Base64.DecodeFromUtf8(line, destination, out int consumed, out int written);
        bool isKey = status == OperationStatus.Done && consumed == EncodedLength && written == RootKey.Size;
        if (isKey && CountDifferent(destination) >= FewestDifferent)
            return key;

        key.Dispose();
        throw RootKeyException.Unusable(
            source, isKey ? "is not random: it is a pattern of a few bytes" : "is not the base64 form of 32 bytes", Repair);
    }

    /// <summary>How many values there are among the bytes. In the same time for every key.</summary>
    private static int CountDifferent(ReadOnlySpan<byte> key)
    {
        int different = 0;
        for (int i = 0; i < key.Length; i++)
        {
            int seen = 0;
            for (int j = 0; j < i; j++)
                seen |= IsZero(key[i] ^ key[j]);

            different += 1 - seen;
        }

        return different;
    }

    // 1 for 0, otherwise 0; of a value from 0 to 255.
    private static int IsZero(int value) => (int)((uint)(value - 1) >> 31);

    /// <summary>The written form of <paramref name="key"/>, newline included.</summary>
    public static SecretBytes Encode(SecretBytes key)
    {
        SecretBytes text = SecretBytes.Allocate(EncodedLength + 1, out Span<byte> destination);
        Base64.EncodeToUtf8(key.Span, destination, out _, out _);
        destination[EncodedLength] = (byte)'\n';
        return text;
    }

    private static ReadOnlySpan<byte> WithoutNewline(ReadOnlySpan<byte> text)
    {
        int newline = text.EndsWith("\r\n"u8) ? 2 : text.EndsWith("\n"u8) ? 1 : 0;
        return text[..^newline];
    }
}
