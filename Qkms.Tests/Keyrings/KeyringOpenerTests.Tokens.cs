namespace Qkms.Tests.Keyrings;

public sealed partial class KeyringOpenerTests
{
    // The module does not exist: whoever asked it would be told.
    [Fact]
    public async Task A_first_start_makes_no_root_key_in_a_token_and_asks_none()
    {
        using RootKeyEnvironment environment = new(tokenModule: "/nowhere/x.so", tokenUri: "pkcs11:token=a;object=b");

        await FirstStartShouldTakeAFileAsync(environment);
    }

    [Fact]
    public async Task A_row_of_a_token_asks_none_but_the_one_that_the_process_was_told_of()
    {
        using Keyring first = NewKeyring();
        using Keyring second = NewKeyring();
        using RootKeyEnvironment another = new(tokenModule: "/nowhere/x.so", tokenUri: "pkcs11:token=a;object=other");
        using RootKeyEnvironment same = new(
            tokenModule: "/nowhere/x.so", tokenUri: "pkcs11:object=b;token=a", tokenPinFile: _folder.Write("pin", "1234"));
        await OpenAsync(_store, first);
        string parameters = $"$pkcs11$aes-256-gcm${new string('A', 16)}${new string('A', 64)}$pkcs11:token=a;object=b";
        _store.Wrappers.Insert(0, _store.Wrappers[0] with { Kind = "pkcs11", Parameters = parameters, RootKeyId = "00" });
        File.Delete(_folder.File("root.key"));

        await OpeningShouldFail<RootKeyException>(
            _store, second, "There is no root key*00 (pkcs11)*or the token, with QKMS_PKCS11_MODULE*");
        await OpeningShouldFail<RootKeyException>(_store, second, "*QKMS_PKCS11_URI names (pkcs11:token=a;object=other)*", another);
        await OpeningShouldFail<RootKeyException>(_store, second, "*'/nowhere/x.so'*no such file*", same);
    }

    // Alone it makes a root key of its own, and several nodes wait for one.
    private async Task FirstStartShouldTakeAFileAsync(RootKeyEnvironment environment)
    {
        FakeKeyringStore shared = new() { IsEmbedded = false };
        using Keyring keyring = NewKeyring();
        using Keyring other = NewKeyring();

        (await OpenAsync(_store, keyring, environment)).RootKeyMade.Should().BeTrue();
        File.Delete(_folder.File("root.key"));
        await OpeningShouldFail<RootKeyException>(shared, other, "There is no root key*give it to every node*", environment);

        _store.Wrappers.Should().ContainSingle().Which.Kind.Should().Be("root-key");
        shared.Wrappers.Should().BeEmpty();
    }
}
