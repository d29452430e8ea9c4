using Qkms.Core.Sealing;

namespace Qkms.Tests.Sealing;

/// <summary>What <see cref="KeyWrapTests"/> and the tests of blobs cannot see from outside.</summary>
public sealed class CommittingGcmTests
{
    private const int HeaderSize = 3;
    private static readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private static readonly byte[] _plaintext = RandomNumberGenerator.GetBytes(40);

    // With a false commitment AES-GCM itself succeeds: what it wrote must not stay.
    [Theory]
    [InlineData(0)]
    [InlineData(HeaderSize)]
    [InlineData(HeaderSize + 32)]
    [InlineData(HeaderSize + 32 + 32)]
    [InlineData(HeaderSize + 32 + 32 + 40)]
    public void A_message_that_does_not_open_leaves_zeros(int changed)
    {
        byte[] message = Protect("label"u8, associatedData: []);
        message[changed] ^= 1;
        byte[] destination = [.. _plaintext];

        CommittingGcm.TryOpen(_key, "label"u8, HeaderSize, associatedData: [], message, destination).Should().BeFalse();

        destination.Should().Equal(new byte[_plaintext.Length]);
    }

    [Fact]
    public void Labels_are_kept_apart()
    {
        byte[] message = Protect("one"u8, associatedData: []);

        CommittingGcm.TryOpen(_key, "two"u8, HeaderSize, associatedData: [], message, new byte[_plaintext.Length]).Should().BeFalse();
        CommittingGcm.TryOpen(_key, "one"u8, HeaderSize, associatedData: [], message, new byte[_plaintext.Length]).Should().BeTrue();
    }

    // Up to 512 bytes are put together on the stack.
    [Theory]
    [InlineData(508)]
    [InlineData(509)]
    [InlineData(510)]
    [InlineData(100_000)]
    public void Associated_data_of_any_length_is_bound_whole(int length)
    {
        byte[] associatedData = RandomNumberGenerator.GetBytes(length);
        byte[] message = Protect("label"u8, associatedData);

        Opens().Should().BeTrue();
        associatedData[^1] ^= 1;
        Opens().Should().BeFalse();

        bool Opens() => CommittingGcm.TryOpen(_key, "label"u8, HeaderSize, associatedData, message, new byte[_plaintext.Length]);
    }

    private static byte[] Protect(ReadOnlySpan<byte> label, ReadOnlySpan<byte> associatedData)
    {
        byte[] message = new byte[HeaderSize + CommittingGcm.Overhead + _plaintext.Length];
        CommittingGcm.Protect(_key, label, HeaderSize, associatedData, _plaintext, message);
        return message;
    }
}
