using Qkms.Core.ApiKeys;

namespace Qkms.Tests.Support;

/// <summary>API keys that look right and are not.</summary>
internal static class ForgedKeys
{
    /// <summary>The id of one key with the secret of another, and a checksum that fits.</summary>
    public static string WithSecretOf(string valid, string other) => WithChecksum(valid[..18] + other[18..]);

    /// <summary>A text of Latin-1 characters, with the checksum that fits it.</summary>
    public static string WithChecksum(string changed)
    {
        byte[] text = Encoding.Latin1.GetBytes(changed);
        byte[] hash = SHA256.HashData(text.AsSpan(0, text.Length - ApiKeyFormat.ChecksumLength));
        for (int i = 0; i < ApiKeyFormat.ChecksumLength; i++)
            text[text.Length - ApiKeyFormat.ChecksumLength + i] = Base62.ToCharacter((hash[i] * 62) >> 8);

        ApiKeyFormat.IsWellFormed(text).Should().BeTrue();
        return Encoding.Latin1.GetString(text);
    }
}
