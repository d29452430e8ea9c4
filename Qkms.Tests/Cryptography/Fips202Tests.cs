using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// FIPS 202: known answers of NIST ("abc", the empty message, 1600 bits) and agreement of every way to cut input and output into portions.
/// </summary>
public sealed class Fips202Tests
{
    private static readonly byte[] _abc = Encoding.ASCII.GetBytes("abc");

    /// <summary>NIST's example message of 1600 bits: two hundred bytes 0xA3.</summary>
    private static readonly byte[] _1600 = [.. Enumerable.Repeat((byte)0xA3, 200)];

    [Fact]
    public void Sha3_256_known_answers()
    {
        Sha3(256, []).Should().Be("a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
        Sha3(256, _abc).Should().Be("3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
        Sha3(256, _1600).Should().Be("79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787");
    }

    [Fact]
    public void Sha3_512_known_answers()
    {
        Sha3(512, []).Should().Be(
            "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a615b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26");
        Sha3(512, _abc).Should().Be(
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0");
        Sha3(512, _1600).Should().Be(
            "e76dfad22084a8b1467fcf2ffa58361bec7628edf5f3fdc0e4805dc48caeeca81b7c13c30adf52a3659584739a2df46be589c51ca1a4a8416df6545a1ce8ba00");
    }

    [Fact]
    public void Shake128_known_answers()
    {
        Shake(128, [], 32).Should().Be("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
        Shake(128, _1600, 32).Should().Be("131ab8d2b594946b9c81333f9bb6e0ce75c3b93104fa3469d3917457385da037");
    }

    [Fact]
    public void Shake256_known_answers()
    {
        Shake(256, [], 32).Should().Be("46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
        Shake(256, _1600, 32).Should().Be("cd8a920ed141aa0407a22d59288652e9d9f1a7ee0c1e7c1ca699424da84a904d");
    }

    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    public void Portions_of_any_length_give_the_same_output(int strength)
    {
        byte[] message = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7))];
        string whole = Shake(strength, message, 1000);
        for (int portion = 1; portion <= 400; portion += 3)
            ShakeInPortions(strength, message, 1000, portion).Should().Be(whole, "portions of {0} bytes", portion);
    }

    private static string Sha3(int size, byte[] message)
    {
        byte[] digest = new byte[size / 8];
        if (size == 256)
            Sponge.Sha3_256(message, [], digest);
        else
            Sponge.Sha3_512(message, [], digest);
        return Convert.ToHexStringLower(digest);
    }

    private static string Shake(int strength, byte[] message, int length) => ShakeInPortions(strength, message, length, int.MaxValue);

    private static string ShakeInPortions(int strength, byte[] message, int length, int portion)
    {
        byte[] output = new byte[length];
        var shake128 = Sponge.NewShake128();
        var shake256 = Sponge.NewShake256();
        foreach (byte[] part in message.Chunk(portion))
        {
            shake128.Absorb(part);
            shake256.Absorb(part);
        }

        for (int i = 0; i < length; i += Math.Min(portion, length))
        {
            Span<byte> part = output.AsSpan(i, Math.Min(portion, length - i));
            if (strength == 128)
                shake128.Squeeze(part);
            else
                shake256.Squeeze(part);
        }

        return Convert.ToHexStringLower(output);
    }
}
