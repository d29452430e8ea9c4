using System.Runtime.InteropServices;

namespace Qkms.Tests.Keyrings;

public sealed partial class RootKeyLocatorTests : IDisposable
{
    private const string KeyA = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private const string KeyB = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void A_named_file_is_read_with_or_without_a_newline(string newline)
    {
        string path = _folder.Write("my.key", KeyA + newline);

        using RootKey rootKey = Find(keyFile: path)!;

        rootKey.Id.Should().Be("17bcaa7f02341470f2ac15527a65d39c");
        rootKey.Source.Should().Be($"QKMS_ROOT_KEY_FILE ({path})");
    }

    [Fact]
    public void The_sources_come_in_their_order()
    {
        _folder.Write("root.key", KeyB);
        Directory.CreateDirectory(_folder.File("credentials"));

        using (RootKey rootKey = Find(credentialsDirectory: _folder.File("credentials"))!)
            rootKey.Source.Should().Be(_folder.File("root.key"));

        using (RootKey rootKey = Find(value: KeyA)!)
            rootKey.Source.Should().Be("QKMS_ROOT_KEY");

        // systemd's mode for a service with a user of its own: an access list whose mask shows as the group's bits.
        _folder.Write("credentials/qkms-root-key", KeyA, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        using (RootKey rootKey = Find(credentialsDirectory: _folder.File("credentials"))!)
            rootKey.Source.Should().StartWith("systemd's credential qkms-root-key");

        using (RootKey rootKey = Find(keyFile: _folder.Write("my.key", KeyA), credentialsDirectory: _folder.File("credentials"))!)
            rootKey.Source.Should().StartWith("QKMS_ROOT_KEY_FILE");
    }

    [Fact]
    public void No_source_and_no_file_is_no_key() => Find().Should().BeNull();

    [Fact]
    public void Two_sources_at_once_are_refused()
    {
        string path = _folder.Write("my.key", KeyA);
        _folder.Write("qkms-root-key", KeyA);

        ShouldBeRefused("*QKMS_ROOT_KEY_FILE and QKMS_ROOT_KEY are both set*", keyFile: path, value: KeyA);
        ShouldBeRefused("*systemd's credential*and QKMS_ROOT_KEY are both set*", credentialsDirectory: _folder.Path, value: KeyA);
    }

    /// <summary>F-22: what is no random key is refused, from every source.</summary>
    [Theory]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=")]
    [InlineData("AAECAwQFBgcAAQIDBAUGBwABAgMEBQYHAAECAwQFBgc=")] // eight bytes, four times
    public void F22_root_key_of_a_few_bytes_is_refused(string text)
    {
        ShouldBeRefused("*QKMS_ROOT_KEY *is not random*", value: text);
        ShouldBeRefused("*QKMS_ROOT_KEY_FILE*is not random*", keyFile: _folder.Write("my.key", text));
        _folder.Write("root.key", text);
        ShouldBeRefused($"*{_folder.File("root.key")}*is not random*");
    }

    [Fact]
    public void A_named_file_that_is_missing_is_refused_although_the_data_directory_has_one()
    {
        _folder.Write("root.key", KeyA);

        ShouldBeRefused($"*QKMS_ROOT_KEY_FILE ({_folder.File("none")})*does not exist*", keyFile: _folder.File("none"));
        ShouldBeRefused("*QKMS_ROOT_KEY_FILE*names no file*", keyFile: "");
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n", "is empty")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n\n", "instead of 44")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "is not the base64 form of 32 bytes")] // 31 bytes have 44 characters, too
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", "is not the base64 form of 32 bytes")] // and so have 33
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "has 43 characters instead of 44")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd", "has 40 characters instead of 44")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= ", "has 45 characters instead of 44")]
    [InlineData(" AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "is not the base64 form of 32 bytes")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh\n=", "is not the base64 form of 32 bytes")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8-", "is not the base64 form of 32 bytes")]
    [InlineData("!AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "is not the base64 form of 32 bytes")]
    [InlineData("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "has 64 characters instead of 44")] // hexadecimal
    public void A_file_with_anything_but_a_key_is_refused(string content, string problem)
    {
        Exception thrown = ShouldBeRefused($"*{problem}*", keyFile: _folder.Write("my.key", content));

        if (content.Trim().Length > 0)
            thrown.Message.Should().NotContain(content.Trim());
    }

    [Fact]
    public void A_large_file_is_not_read_through() =>
        ShouldBeRefused("*is longer than 256 bytes*", keyFile: _folder.Write("my.key", new string('A', 10_000)));

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("AAEC", "has 4 characters instead of 44")]
    [InlineData("!AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "is not the base64 form of 32 bytes")]
    public void A_variable_with_anything_but_a_key_is_refused(string content, string problem)
    {
        _folder.Write("root.key", KeyA);

        ShouldBeRefused($"The root key from QKMS_ROOT_KEY cannot be used: it {problem}*", value: content);
    }

    [Fact]
    public void A_symbolic_link_is_refused_wherever_it_stands_and_points()
    {
        string target = _folder.Write("target", KeyA);
        File.CreateSymbolicLink(_folder.File("link"), target);
        File.CreateSymbolicLink(_folder.File("dangling"), _folder.File("none"));
        File.CreateSymbolicLink(_folder.File("root.key"), target);
        File.CreateSymbolicLink(_folder.File("qkms-root-key"), _folder.File("none"));

        ShouldBeRefused("*is a symbolic link*", keyFile: _folder.File("link"));
        ShouldBeRefused("*is a symbolic link*", keyFile: _folder.File("dangling"));
        ShouldBeRefused("*is a symbolic link*");
        ShouldBeRefused("*is a symbolic link*", credentialsDirectory: _folder.Path);
    }

    [Fact]
    public void A_folder_a_pipe_and_a_device_are_refused_without_waiting()
    {
        ShouldBeRefused("*is not a regular file*", keyFile: _folder.Path);
        if (OperatingSystem.IsWindows())
            return;

        MakePipe(_folder.File("pipe"), 0x180).Should().Be(0);
        ShouldBeRefused("*is not a regular file*", keyFile: _folder.File("pipe"));
        ShouldBeRefused("*is open to other users*", keyFile: "/dev/zero");
    }

    [Theory]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.OtherExecute)]
    [InlineData(UnixFileMode.GroupWrite)]
    public void A_file_that_others_can_open_is_refused(UnixFileMode bit)
    {
        if (OperatingSystem.IsWindows())
            return;

        ShouldBeRefused(
            "*is open to other users (mode *chmod 600*",
            keyFile: _folder.Write("my.key", KeyA, UnixFileMode.UserRead | UnixFileMode.UserWrite | bit));
    }

    [Fact]
    public void A_made_root_key_is_found_again_and_is_its_owners_alone()
    {
        RootKeyLocator locator = new(new RootKeyEnvironment(), _folder.Path);

        using RootKey made = locator.Create();
        using RootKey found = locator.Find()!;

        found.Id.Should().Be(made.Id);
        found.Source.Should().Be(made.Source).And.Be(_folder.File("root.key"));
        File.ReadAllText(_folder.File("root.key")).Should().MatchRegex("^[A-Za-z0-9+/]{43}=\n$");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(_folder.File("root.key")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void A_root_key_is_never_written_over()
    {
        _folder.Write("root.key", KeyA);
        RootKeyLocator locator = new(new RootKeyEnvironment(), _folder.Path);

        locator.Invoking(l => l.Create()).Should().Throw<RootKeyException>().WithMessage($"*{_folder.File("root.key")}*");

        File.ReadAllText(_folder.File("root.key")).Should().Be(KeyA);
    }

    [Fact]
    public void A_data_directory_that_cannot_be_written_is_told()
    {
        RootKeyLocator locator = new(new RootKeyEnvironment(), _folder.File("none"));

        locator.Invoking(l => l.Create()).Should().Throw<RootKeyException>().WithMessage("Qkms could not make a root key*");
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);

    private RootKey? Find(string? keyFile = null, string? credentialsDirectory = null, string? value = null)
    {
        using RootKeyEnvironment environment = new(
            keyFile, credentialsDirectory, value is null ? null : SecretBytes.CopyOf(Encoding.ASCII.GetBytes(value)));
        return new RootKeyLocator(environment, _folder.Path).Find();
    }

    private Exception ShouldBeRefused(string message, string? keyFile = null, string? credentialsDirectory = null, string? value = null)
    {
        Exception thrown = ((Action)(() => Find(keyFile, credentialsDirectory, value)?.Dispose()))
            .Should().Throw<RootKeyException>().WithMessage(message).Which;
        thrown.Message.Should().NotContain(KeyA).And.NotContain(KeyB);
        return thrown;
    }
}
