using Qkms.Core.Sealing;
using Qkms.Tests.Keyrings;

namespace Qkms.Tests.Sealing;

public sealed class KeyWrapTests : IDisposable
{
    private static readonly byte[] _associatedData = "associated data"u8.ToArray();
    private static readonly byte[] _plaintext = "the secret of this test"u8.ToArray();
    private readonly WrappingKey _key = Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");

    public void Dispose() => _key.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(2400)]
    public void What_was_sealed_opens(int length)
    {
        byte[] plaintext = RandomNumberGenerator.GetBytes(length);

        byte[] sealedBytes = KeyWrap.Protect(KeyWrapPurpose.PrivateKey, _key, _associatedData, plaintext);

        sealedBytes.Should().HaveCount(KeyWrap.Overhead + length);
        using SecretBytes? opened = KeyWrap.TryOpen(KeyWrapPurpose.PrivateKey, _key, _associatedData, sealedBytes);
        opened!.Span.ToArray().Should().Equal(plaintext);
    }

    [Fact]
    public void A_blob_made_by_other_software_from_the_documented_layout_opens()
    {
        // Node 20, node:crypto: hkdfSync('sha256', key, salt, 'qkms/seal/v1' ‖ header, 76), createCipheriv('aes-256-gcm', …)
        // with setAAD(header ‖ associated data). Key 00 01 … 1F, salt 40 41 … 5F, purpose 3.
        byte[] blob = Convert.FromHexString(
            "01030192f3a4b5c67d8e9fa0b1c2d3e4f506"
            + "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
            + "a9323d78181b474c61001f9a238b781e5a1e84ae5b64a94aa25325b9e37be804"
            + "5a9492735bfc035a7f4fa01ff1f6a88a6cfddb499a533c"
            + "7787043078696238b5210ba2b17dd773");

        using SecretBytes? opened = KeyWrap.TryOpen(KeyWrapPurpose.PrivateKey, _key, _associatedData, blob);

        opened!.Span.ToArray().Should().Equal(_plaintext);
    }

    [Fact]
    public void A_flip_of_any_bit_of_any_byte_is_refused()
    {
        byte[] sealedBytes = Protect();

        for (int i = 0; i < sealedBytes.Length; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] flipped = [.. sealedBytes];
                flipped[i] ^= (byte)(1 << bit);
                Open(flipped).Should().BeNull($"bit {bit} of byte {i} was flipped");
            }
        }
    }

    [Fact]
    public void Every_shorter_and_a_longer_blob_is_refused()
    {
        byte[] sealedBytes = Protect();

        for (int length = 0; length < sealedBytes.Length; length++)
        {
            Open(sealedBytes[..length]).Should().BeNull($"only {length} bytes are left");
            Open(sealedBytes[^length..]).Should().BeNull($"only the last {length} bytes are left");
        }

        Open([.. sealedBytes, 0]).Should().BeNull();
    }

    [Fact]
    public void Another_key_another_id_another_purpose_and_other_associated_data_are_refused()
    {
        byte[] sealedBytes = Protect();
        using WrappingKey sameIdOtherKey = new(_key.Id, SecretBytes.Random(WrappingKey.Size));
        using WrappingKey sameKeyOtherId = Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f507");

        KeyWrap.TryOpen(KeyWrapPurpose.PrivateKey, sameIdOtherKey, _associatedData, sealedBytes).Should().BeNull();
        KeyWrap.TryOpen(KeyWrapPurpose.PrivateKey, sameKeyOtherId, _associatedData, sealedBytes).Should().BeNull();
        KeyWrap.TryOpen(KeyWrapPurpose.KeyringKey, _key, _associatedData, sealedBytes).Should().BeNull();
        KeyWrap.TryOpen(KeyWrapPurpose.PrivateKey, _key, [], sealedBytes).Should().BeNull();
        KeyWrap.TryOpen(KeyWrapPurpose.PrivateKey, _key, _associatedData.AsSpan(1), sealedBytes).Should().BeNull();
        KeyWrap.TryOpen(KeyWrapPurpose.PrivateKey, _key, [.. _associatedData, 0], sealedBytes).Should().BeNull();
    }

    [Fact]
    public void A_header_rewritten_to_another_purpose_does_not_open_as_that_purpose()
    {
        byte[] sealedBytes = Protect();
        sealedBytes[1] = (byte)KeyWrapPurpose.KeyringKey;

        KeyWrap.TryOpen(KeyWrapPurpose.KeyringKey, _key, _associatedData, sealedBytes)
            .Should().BeNull("the purpose is part of the key derivation");
    }

    [Fact]
    public void A_genuine_tag_without_the_commitment_of_this_key_is_refused()
    {
        byte[] sealedBytes = Protect();
        byte[] other = Protect();
        other.AsSpan(50, 32).CopyTo(sealedBytes.AsSpan(50, 32));

        Open(sealedBytes).Should().BeNull();
    }

    [Fact]
    public void Every_blob_has_a_salt_of_its_own()
    {
        string[] salts = [.. Enumerable.Range(0, 200).Select(_ => Convert.ToHexString(Protect().AsSpan(18, 32)))];

        salts.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void The_plaintext_does_not_stand_in_the_blob() =>
        Protect().AsSpan().IndexOf(_plaintext.AsSpan(0, 8)).Should().Be(-1);

    private byte[] Protect() => KeyWrap.Protect(KeyWrapPurpose.PrivateKey, _key, _associatedData, _plaintext);

    private SecretBytes? Open(byte[] sealedBytes) => KeyWrap.TryOpen(KeyWrapPurpose.PrivateKey, _key, _associatedData, sealedBytes);
}
