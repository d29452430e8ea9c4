namespace Qkms.Tests.Encryption;

/// <summary>
/// Blobs from one hand to the other, and whatever is not what was protected. Other implementations are in <c>BlobFormatVectorTests</c>.
/// </summary>
public sealed class BlobV1Tests
{
    private static readonly KeyVersionId _version = new(new Guid("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506"));
    private static readonly KeyVersionId _otherVersion = new(new Guid("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f507"));
    private static readonly byte[] _key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] _plaintext = "the secret of this test"u8.ToArray();
    private static readonly EncryptionContext _context = Context("purpose", "test");

    // E-03
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(1_000_000)]
    public void What_was_protected_opens(int length)
    {
        byte[] plaintext = RandomNumberGenerator.GetBytes(length);
        foreach (BlobPurpose purpose in Enum.GetValues<BlobPurpose>())
        {
            foreach (EncryptionContext context in new[] { EncryptionContext.Empty, _context, Context("long", new string('x', 8000)) })
            {
                byte[] blob = BlobV1.Protect(purpose, _version, _key, context, plaintext);

                blob.Should().HaveCount(length + BlobV1.Overhead);
                BlobV1.TryReadHeader(blob, out BlobPurpose readPurpose, out KeyVersionId readVersion).Should().BeTrue();
                (readPurpose, readVersion).Should().Be((purpose, _version));
                using SecretBytes? opened = BlobV1.TryOpen(purpose, _version, _key, context, blob);
                opened!.Span.SequenceEqual(plaintext).Should().BeTrue();
            }
        }
    }

    [Fact]
    public void The_layout_is_the_documented_one()
    {
        byte[] blob = Protect();

        BlobV1.Overhead.Should().Be(21 + 32 + 32 + 16);
        Convert.ToHexStringLower(blob.AsSpan(0, 21)).Should().Be("514b" + "01" + "01" + "01" + "0192f3a4b5c67d8e9fa0b1c2d3e4f506");
    }

    [Fact]
    public void A_flip_of_any_bit_of_any_byte_is_refused()
    {
        byte[] blob = Protect();

        for (int i = 0; i < blob.Length; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] flipped = [.. blob];
                flipped[i] ^= (byte)(1 << bit);
                Open(flipped).Should().BeNull($"bit {bit} of byte {i} was flipped");
            }
        }
    }

    [Fact]
    public void Every_shorter_and_a_longer_blob_is_refused()
    {
        byte[] blob = Protect();

        for (int length = 0; length < blob.Length; length++)
        {
            Open(blob[..length]).Should().BeNull($"only {length} bytes are left");
            Open(blob[^length..]).Should().BeNull($"only the last {length} bytes are left");
        }

        Open([.. blob, 0]).Should().BeNull();
        Open([0, .. blob]).Should().BeNull();
    }

    [Fact]
    public void Another_key_version_purpose_or_context_is_refused()
    {
        byte[] blob = Protect();
        byte[] otherKey = [.. _key];
        otherKey[31] ^= 1;

        BlobV1.TryOpen(BlobPurpose.Encryption, _version, otherKey, _context, blob).Should().BeNull();
        BlobV1.TryOpen(BlobPurpose.Encryption, _otherVersion, _key, _context, blob).Should().BeNull();
        BlobV1.TryOpen(BlobPurpose.DataKey, _version, _key, _context, blob).Should().BeNull();
        BlobV1.TryOpen(BlobPurpose.Encryption, _version, _key, EncryptionContext.Empty, blob).Should().BeNull();
        BlobV1.TryOpen(BlobPurpose.Encryption, _version, _key, Context("purpose", "Test"), blob).Should().BeNull();
        BlobV1.TryOpen(BlobPurpose.Encryption, _version, _key, Context("test", "purpose"), blob).Should().BeNull();
    }

    // E-06: what may open data keys may not open what /crypto/encrypt made, also not after a change of the header.
    [Fact]
    public void A_header_rewritten_to_another_purpose_or_version_does_not_open()
    {
        byte[] otherPurpose = Protect();
        otherPurpose[4] = (byte)BlobPurpose.DataKey;
        byte[] otherVersion = Protect();
        otherVersion[20] = 0x07;

        BlobV1.TryReadHeader(otherPurpose, out _, out _).Should().BeTrue("a header alone proves nothing");
        BlobV1.TryOpen(BlobPurpose.DataKey, _version, _key, _context, otherPurpose).Should().BeNull();
        BlobV1.TryOpen(BlobPurpose.Encryption, _otherVersion, _key, _context, otherVersion).Should().BeNull();
    }

    [Fact]
    public void A_genuine_tag_without_the_commitment_of_this_key_is_refused()
    {
        byte[] blob = Protect();
        byte[] other = Protect();
        other.AsSpan(53, 32).CopyTo(blob.AsSpan(53, 32));

        Open(blob).Should().BeNull();
    }

    [Theory]
    [InlineData(0, 0x51 ^ 1)]
    [InlineData(1, 0x4b ^ 1)]
    [InlineData(2, 0)]
    [InlineData(2, 2)]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    [InlineData(4, 0)]
    [InlineData(4, 3)]
    [InlineData(4, 255)]
    public void Headers_of_other_magic_format_suite_or_purpose_are_not_read(int offset, byte value)
    {
        byte[] blob = Protect();
        blob[offset] = value;

        BlobV1.TryReadHeader(blob, out _, out _).Should().BeFalse();
    }

    [Fact]
    public void A_header_without_the_rest_is_not_read()
    {
        byte[] blob = BlobV1.Protect(BlobPurpose.Encryption, _version, _key, _context, []);

        BlobV1.TryReadHeader(blob, out _, out _).Should().BeTrue();
        for (int length = 0; length < blob.Length; length++)
            BlobV1.TryReadHeader(blob.AsSpan(0, length), out _, out _).Should().BeFalse();
    }

    [Fact]
    public void Every_blob_has_a_salt_of_its_own() =>
        Enumerable.Range(0, 200).Select(_ => Convert.ToHexString(Protect().AsSpan(21, 32))).Should().OnlyHaveUniqueItems();

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_key_of_another_length_is_a_mistake_of_the_caller(int length)
    {
        byte[] blob = Protect();

        FluentActions.Invoking(() => BlobV1.Protect(BlobPurpose.Encryption, _version, new byte[length], _context, []))
            .Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => BlobV1.TryOpen(BlobPurpose.Encryption, _version, new byte[length], _context, blob))
            .Should().Throw<ArgumentException>();
    }

    private static byte[] Protect() => BlobV1.Protect(BlobPurpose.Encryption, _version, _key, _context, _plaintext);

    private static SecretBytes? Open(byte[] blob) => BlobV1.TryOpen(BlobPurpose.Encryption, _version, _key, _context, blob);

    private static EncryptionContext Context(string name, string value)
    {
        EncryptionContext.TryCreate(new Dictionary<string, string?> { [name] = value }, out EncryptionContext? context, out string? problem)
            .Should().BeTrue(problem);
        return context!;
    }
}
