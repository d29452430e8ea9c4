using Qkms.Api.Commands;
using Qkms.Core.Pkcs11;

namespace Qkms.Tests.RootKeys;

/// <summary>RFC 7512: what names a key, in one way of writing it, and what names other things and is refused.</summary>
public sealed class TokenKeyUriTests
{
    [Theory]
    [InlineData("pkcs11:token=hsm;object=qkms", "pkcs11:token=hsm;object=qkms")]
    [InlineData("PKCS11:object=qkms;token=hsm", "pkcs11:token=hsm;object=qkms")]
    [InlineData("pkcs11:serial=809a81ac993baf76;id=%0a%FF", "pkcs11:serial=809a81ac993baf76;id=%0A%FF")]
    [InlineData("pkcs11:id=AZ;serial=1", "pkcs11:serial=1;id=%41%5A")]
    [InlineData("pkcs11:token=%68sm;object=qkms;", "pkcs11:token=hsm;object=qkms")]
    // As p11tool prints it.
    [InlineData(
        "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=809a81ac993baf76;token=qkms;id=%01;object=root;type=secret-key",
        "pkcs11:token=qkms;serial=809a81ac993baf76;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;object=root;id=%01")]
    // The values of section 3, with the type of such a key.
    [InlineData(
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;"
            + "type=secret-key;id=%69%95%3E%5C%F4%BD%EC%91;serial=",
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;serial=;manufacturer=Snake%20Oil%2C%20Inc.;model=1.0;object=my-certificate;"
            + "id=%69%95%3E%5C%F4%BD%EC%91")]
    [InlineData(
        "pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate",
        "pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate")]
    [InlineData(
        "pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;object=my-certificate",
        "pkcs11:token=Name%20with%20a%20small%20A%20with%20acute%3A%20%C3%A1;object=my-certificate")]
    [InlineData(
        "pkcs11:token=My%20token%25%20created%20by%20Joe;id=%01%02%03%Ba%dd%Ca%fe%04%05%06",
        "pkcs11:token=My%20token%25%20created%20by%20Joe;id=%01%02%03%BA%DD%CA%FE%04%05%06")]
    public void A_key_has_one_way_to_be_written(string text, string written)
    {
        TokenKeyUri.Parse(text).ToString().Should().Be(written);
        TokenKeyUri.Parse(written).Text.Should().Be(written);
    }

    [Fact]
    public void Values_are_decoded()
    {
        TokenKeyUri uri = TokenKeyUri.Parse("pkcs11:token=Name%20with%20%C3%A1;object=%C3%A1%3B;id=%69%95;serial=");

        uri.KeyLabel.Should().Equal("á;"u8.ToArray());
        uri.KeyId.Should().Equal(0x69, 0x95);
        uri.IsIn("Name with á", "", "anybody", "anything").Should().BeTrue();
        uri.IsIn("Name with á", "1", "anybody", "anything").Should().BeFalse("an empty serial number was asked for");
        uri.IsIn("Name with a", "", "anybody", "anything").Should().BeFalse();
        TokenKeyUri.Parse("pkcs11:token=a;model=m;manufacturer=b;id=1").IsIn("a", "1", "b", "other").Should().BeFalse();
        TokenKeyUri.Parse("pkcs11:token=a;model=m;manufacturer=b;id=1").IsIn("a", "1", "c", "m").Should().BeFalse();
        TokenKeyUri.Parse("pkcs11:token=a;id=1").KeyLabel.Should().BeNull();
    }

    [Theory]
    [InlineData("", "begin with 'pkcs11:'")]
    [InlineData("file:/etc/key", "begin with 'pkcs11:'")]
    [InlineData("pkcs11:", "names no token")]
    [InlineData("pkcs11:object=my-pubkey;type=public", "type is not secret-key")]
    [InlineData("pkcs11:object=my-key;type=private?pin-source=file:/etc/token", "'pin-source'*QKMS_PKCS11_PIN_FILE")]
    [InlineData("pkcs11:object=my-sign-key;type=private?module-name=mypkcs11", "'module-name'*QKMS_PKCS11_MODULE")]
    [InlineData("pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1", "'module-path'*QKMS_PKCS11_MODULE")]
    [InlineData(
        "pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.?pin-value=the-pin",
        "'pin-value'*QKMS_PKCS11_PIN_FILE")]
    [InlineData("pkcs11:token=a;object=b;pin-value=the-pin", "'pin-value'*QKMS_PKCS11_PIN_FILE")]
    [InlineData("pkcs11:token=a;object=b;module-path=/x.so", "'module-path'*QKMS_PKCS11_MODULE")]
    [InlineData("pkcs11:slot-description=Sun%20Metaslot", "'slot-description'*token= or serial=")]
    [InlineData("pkcs11:slot-id=1;object=b", "'slot-id'*token= or serial=")]
    [InlineData(
        "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;library-version=1.23",
        "'library-manufacturer'*QKMS_PKCS11_MODULE")]
    [InlineData("pkcs11:token=my-token;object=my-certificate;vendor-aaa=value-a", "'vendor-aaa' is not an attribute")]
    [InlineData("pkcs11:token=my-token;object=b?vendor-bbb=value-b", "'vendor-bbb' is not an attribute")]
    [InlineData("pkcs11:token=a;object=b;token=c", "'token' is there twice")]
    [InlineData("pkcs11:token=a", "names no key")]
    [InlineData("pkcs11:token=;object=b", "names no token")]
    [InlineData("pkcs11:token=a;object=", "names no key")]
    [InlineData("pkcs11:token=a;object=b;type=secret-key;type=secret-key", "twice")]
    [InlineData("pkcs11:token=a b;object=c", "'token'*percent-encoded")]
    [InlineData("pkcs11:token=a/b;object=c", "'token'*percent-encoded")]
    [InlineData("pkcs11:token=á;object=c", "'token'*percent-encoded")]
    [InlineData("pkcs11:token=a%2;object=c", "hexadecimal")]
    [InlineData("pkcs11:token=a%zz;object=c", "hexadecimal")]
    [InlineData("pkcs11:token=%FF;object=c", "not UTF-8")]
    [InlineData("pkcs11:token;object=c", "no name or no value")]
    [InlineData("pkcs11:=a;object=c", "no name or no value")]
    [InlineData("pkcs11:the-pin 1234=a;object=c", "one of its names is not an attribute")]
    public void What_is_no_key_is_refused_and_never_repeated(string text, string why)
    {
        string message = text.Invoking(TokenKeyUri.Parse).Should().Throw<TokenException>().WithMessage($"*{why}*").Which.Message;

        message.Should().NotContain("the-pin").And.NotContain("Snake");
        Action split = () => RootKeyArguments.Split(["add", $"--pkcs11={text}"]);
        split.Should().Throw<SettingsException>().Which.Message.Should().NotContain("the-pin");
    }

    [Fact]
    public void What_is_too_long_is_refused() => new string('a', 1100).Invoking(text => TokenKeyUri.Parse($"pkcs11:token={text};object=b"))
        .Should().Throw<TokenException>().WithMessage("*longer than 1024*");

    [Fact]
    public void A_root_key_is_of_one_kind()
    {
        RootKeyArguments.Split(["add", "--pkcs11", "pkcs11:token=a;object=b"]).TokenKey!.Text.Should().Be("pkcs11:token=a;object=b");
        RootKeyArguments.Split(["rotate", "--pkcs11=pkcs11:token=a;object=b", "--old=1"]).TokenKey.Should().NotBeNull();
        foreach (string other in (string[])["--file=x", "--passphrase", "--pkcs11=pkcs11:token=c;object=d", "--generate"])
        {
            Action split = () => RootKeyArguments.Split(["add", "--pkcs11=pkcs11:token=a;object=b", other]);
            split.Should().Throw<SettingsException>(other);
        }
    }
}
