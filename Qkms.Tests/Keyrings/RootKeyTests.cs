namespace Qkms.Tests.Keyrings;

public sealed class RootKeyTests
{
    [Fact]
    public void The_id_is_the_documented_key_check_value()
    {
        // Node 20, node:crypto: hkdfSync('sha256', 00 01 … 1F, '', 'qkms/root-key-id/v1', 16).
        using RootKey rootKey = new(SecretBytes.CopyOf([.. Enumerable.Range(0, 32).Select(i => (byte)i)]), "test");

        rootKey.Id.Should().Be("17bcaa7f02341470f2ac15527a65d39c");
    }

    [Fact]
    public void It_prints_its_id_and_ends_with_its_secret()
    {
        SecretBytes secret = SecretBytes.Random(32);
        RootKey rootKey = new(secret, "test");

        rootKey.ToString().Should().Be($"RootKey({rootKey.Id})");
        rootKey.Dispose();

        secret.Invoking(s => s.Span.Length).Should().Throw<ObjectDisposedException>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_secret_of_another_length_is_no_root_key(int length) =>
        ((Action)(() => new RootKey(SecretBytes.Random(length), "test").Dispose())).Should().Throw<ArgumentException>();
}
