using Qkms.Core.Cryptography.Shamir;

namespace Qkms.Tests.Cryptography.Shamir;

/// <summary>Issue 16: a secret is split, and any k of n shares give it back.</summary>
public sealed class SecretSharingTests
{
    // {57} times {83} and {13}: FIPS 197, section 4.2.
    [Theory]
    [InlineData(0x57, 0x83, 0xc1)]
    [InlineData(0x57, 0x13, 0xfe)]
    [InlineData(0x57, 0x01, 0x57)]
    [InlineData(0x57, 0x00, 0x00)]
    public void The_field_is_that_of_FIPS_197(byte left, byte right, byte product)
    {
        Gf256.Multiply(left, right).Should().Be(product);
        Gf256.Multiply(right, left).Should().Be(product);
    }

    [Fact]
    public void Every_element_has_an_inverse()
    {
        for (int value = 1; value < 256; value++)
            Gf256.Multiply((byte)value, Gf256.Invert((byte)value)).Should().Be(1);

        Gf256.Invert(0).Should().Be(0);
    }

    // Of a program of a few lines that has the field as tables of logarithms: the secret 00 to 1f and a threshold of 3.
    [Theory]
    [InlineData(1, 2, 3)]
    [InlineData(5, 3, 1)]
    [InlineData(2, 5, 1)]
    [InlineData(3, 2, 5)]
    public void Shares_of_another_program_give_their_secret(params int[] numbers)
    {
        byte[] shares = [.. numbers.SelectMany(number => _foreign[number])];
        byte[] secret = new byte[32];

        SecretSharing.Combine(shares, secret);

        secret.Should().Equal(Enumerable.Range(0, 32).Select(i => (byte)i));
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(5, 3)]
    [InlineData(6, 6)]
    public void Any_as_many_as_it_takes_give_it_and_fewer_do_not(int count, int threshold)
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        byte[][] shares = Split(secret, count, threshold);

        foreach (int chosen in Enumerable.Range(1, (1 << count) - 1))
        {
            byte[][] given = [.. shares.Where((_, i) => (chosen >> i & 1) == 1)];
            byte[] found = new byte[32];
            SecretSharing.Combine((byte[])[.. given.SelectMany(share => share)], found);
            found.SequenceEqual(secret).Should().Be(given.Length >= threshold);
        }
    }

    [Fact]
    public void As_many_as_there_can_be()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(5);
        byte[][] shares = Split(secret, SecretSharing.MostShares, SecretSharing.MostShares);
        byte[] found = new byte[5];

        SecretSharing.Combine((byte[])[.. shares.Reverse().SelectMany(share => share)], found);

        found.Should().Equal(secret);
        shares.Select(share => share[^1]).Should().OnlyHaveUniqueItems().And.NotContain((byte)0);
    }

    // Each byte of a share is as likely as any other, whatever the secret: of 256 values in 100,000 bytes each comes some 390 times.
    [Fact]
    public void A_share_says_nothing_of_the_secret()
    {
        int[] seen = new int[256];
        for (int i = 0; i < 1000; i++)
        {
            foreach (byte value in Split(new byte[100], count: 2, threshold: 2)[0].AsSpan(0, 100))
                seen[value]++;
        }

        seen.Should().OnlyContain(times => times > 250 && times < 560);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    [InlineData(2, 0)]
    public void Shares_of_one_number_or_of_none_are_refused(byte first, byte second)
    {
        byte[] shares = [7, first, 9, second];

        shares.Invoking(given => SecretSharing.Combine(given, new byte[1])).Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(3, 4)]
    public void A_threshold_that_makes_no_sense_is_refused(int count, int threshold) =>
        this.Invoking(_ => Split([1, 2], count, threshold)).Should().Throw<ArgumentOutOfRangeException>();

    private static byte[][] Split(byte[] secret, int count, int threshold)
    {
        int size = SecretSharing.ShareSize(secret.Length);
        byte[] shares = new byte[count * size];
        SecretSharing.Split(secret, shares, threshold);
        return shares.Chunk(size).ToArray();
    }

    private static readonly Dictionary<int, byte[]> _foreign = new()
    {
        [1] = Convert.FromHexString("b1a403cb0ab5e98977f6b91623aa7ebce23a2e80fb8309d13c74638a5e38795501"),
        [2] = Convert.FromHexString("0de4074d81796406e5efaae6013306fe79773b25f31f5078bd2e9e8a77d4742502"),
        [3] = Convert.FromHexString("bc4106858fc98b889a1019fb2e94764d8b5c07b61c894fbe9943e71b35f1136f03"),
        [5] = Convert.FromHexString("6093156e49518793fa2dbba66e61e3435e3623c0a6637ec2f483b325198b0baf05"),
    };
}
