using Qkms.Core.ApiKeys;

namespace Qkms.Tests.Support;

/// <summary>API keys that look right and are not, with the checksum of API keys issued earlier: everybody can compute that one.</summary>
internal static class ForgedKeys
{
    /// <summary>An API key as it was issued before checksums were keyed; the row does not know the difference.</summary>
    public static string AsIssuedEarlier(string issued) => WithChecksum(issued);

    /// <summary>An API key that nobody issued.</summary>
    public static string New()
    {
        byte[] random = new byte[12 + 43];
        Base62.FillRandom(random);
        string text = Encoding.ASCII.GetString(random);
        return WithChecksum($"qkms_{text[..12]}_{text[12..]}000000");
    }

    /// <summary>The id of one key with the secret of another, and a checksum that fits.</summary>
    public static string WithSecretOf(string valid, string other) => WithChecksum(valid[..18] + other[18..]);

    /// <summary>A text of Latin-1 characters, with the checksum that fits it.</summary>
    public static string WithChecksum(string changed)
    {
        byte[] text = Encoding.Latin1.GetBytes(changed);
        ApiKeyChecksum.WritePublic(text.AsSpan()[..^ApiKeyChecksum.Length], text.AsSpan()[^ApiKeyChecksum.Length..]);
        ApiKeyFormat.HasShape(text).Should().BeTrue();
        return Encoding.Latin1.GetString(text);
    }
}
