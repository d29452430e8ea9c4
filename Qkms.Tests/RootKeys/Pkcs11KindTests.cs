using Net.Pkcs11Interop.Common;
using Qkms.Core.Pkcs11;

namespace Qkms.Tests.RootKeys;

/// <summary>What a process does before it asks a token, and what it never does: nothing here needs one.</summary>
public sealed class Pkcs11KindTests : IDisposable
{
    private const string Uri = "pkcs11:token=a;object=b";
    private const string Fit = "$pkcs11$aes-256-gcm$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("x.so", "not an absolute path")]
    [InlineData("", "not an absolute path")]
    [InlineData("/nowhere/x.so", "no such file")]
    [InlineData("/etc", "no such file")]
    [InlineData("/etc/passwd", "cannot be loaded")]
    public async Task A_module_that_is_none_is_named(string path, string why) =>
        (await Refusal(module: path)).Should().Contain(why).And.Contain($"'{path}' (QKMS_PKCS11_MODULE)").And.NotContain("\n");

    [Fact]
    public async Task A_module_that_others_can_write_is_not_loaded()
    {
        if (OperatingSystem.IsWindows())
            return;

        const UnixFileMode open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite;
        (await Refusal(module: _directory.Write("open.so", "x", open))).Should().Contain("can be written by other users");
        File.CreateSymbolicLink(_directory.File("link.so"), _directory.File("open.so"));
        (await Refusal(module: _directory.File("link.so"))).Should().Contain("can be written by other users");
        (await Refusal(module: _directory.Write("mine.so", "x"))).Should().Contain("cannot be loaded");
    }

    [Fact]
    public async Task Who_names_a_key_names_a_module_and_a_PIN_too()
    {
        using RootKeyEnvironment noModule = new(tokenUri: Uri);
        this.Invoking(_ => new RootKeyLocator(noModule, "/nowhere").FindToken()).Should().Throw<RootKeyException>()
            .WithMessage("*QKMS_PKCS11_MODULE*");
        using RootKeyEnvironment noUri = new(tokenModule: "/nowhere/x.so", tokenPinFile: "/nowhere/pin");
        new RootKeyLocator(noUri, "/nowhere").FindToken().Should().BeNull("a command may name one");
        using RootKeyEnvironment wrong = new(tokenModule: "/nowhere/x.so", tokenUri: "pkcs11:object=b");
        this.Invoking(_ => new RootKeyLocator(wrong, "/nowhere").FindToken()).Should().Throw<RootKeyException>()
            .WithMessage("QKMS_PKCS11_URI: *names no token*");

        (await Refusal(pinFile: null)).Should().Contain("There is no PIN").And.Contain("QKMS_PKCS11_PIN_FILE");
        (await Refusal(pinFile: "")).Should().Contain("names no file");
        (await Refusal(pinFile: _directory.File("none"))).Should().Contain("does not exist");
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n", "not one line of 1 to 255 bytes")]
    [InlineData("first-pin\nsecond-pin\n", "not one line of 1 to 255 bytes")]
    [InlineData("first-pin\0", "not one line of 1 to 255 bytes")]
    public async Task A_PIN_is_one_line_and_is_never_repeated(string text, string why) =>
        (await Refusal(pinFile: _directory.Write("pin", text))).Should().Contain(why).And.Contain("The PIN from").And.NotContain("first");

    [Fact]
    public async Task The_file_of_a_PIN_is_looked_at_as_that_of_a_root_key()
    {
        if (OperatingSystem.IsWindows())
            return;

        _directory.Write("pin", "first-pin", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        (await Refusal(pinFile: _directory.File("pin"))).Should().Contain("The PIN from").And.Contain("open to other users");
        File.CreateSymbolicLink(_directory.File("link"), _directory.File("pin"));
        (await Refusal(pinFile: _directory.File("link"))).Should().Contain("symbolic link");
        (await Refusal(pinFile: _directory.Write("long", new string('1', 300)))).Should().Contain("longer than");

        // The credential of systemd, where no file is named: read, and the module is what is missing then.
        _directory.Write("qkms-pkcs11-pin", "first-pin\n");
        using RootKeyEnvironment environment = new(
            credentialsDirectory: _directory.Path, tokenModule: "/nowhere/x.so", tokenUri: Uri);
        RootKeyToken token = new RootKeyLocator(environment, "/nowhere").FindToken()!;
        await token.Awaiting(UseAsync).Should().ThrowAsync<RootKeyException>().WithMessage("*no such file*");
    }

    // A token locks after a few: what has failed once in a process is not tried again by it.
    [Fact]
    public async Task What_has_failed_is_not_tried_again()
    {
        int read = 0;
        RootKeyToken token = new("/nowhere/x.so", TokenKeyUri.Parse(Uri), () =>
        {
            read++;
            return SecretBytes.CopyOf("1234"u8);
        });

        for (int i = 0; i < 3; i++)
            await token.Awaiting(UseAsync).Should().ThrowAsync<RootKeyException>().WithMessage("*no such file*");

        read.Should().Be(1);
    }

    [Theory]
    [InlineData(0UL, null)]
    [InlineData(CKF.CKF_USER_PIN_COUNT_LOW, null)]
    [InlineData(CKF.CKF_SO_PIN_LOCKED, null)]
    [InlineData(CKF.CKF_USER_PIN_FINAL_TRY, "one more wrong one would lock it")]
    [InlineData(CKF.CKF_USER_PIN_FINAL_TRY | CKF.CKF_USER_PIN_COUNT_LOW, "one more wrong one would lock it")]
    [InlineData(CKF.CKF_USER_PIN_LOCKED, "it is locked")]
    [InlineData(CKF.CKF_USER_PIN_TO_BE_CHANGED, "has to change it")]
    public void A_token_that_is_nearly_locked_is_left_alone(ulong flags, string? why)
    {
        string? problem = TokenPin.FindProblem(flags | CKF.CKF_USER_PIN_INITIALIZED);

        if (why is null)
            problem.Should().BeNull();
        else
            problem.Should().Contain(why);

        TokenPin.FindProblem(CKF.CKF_TOKEN_INITIALIZED).Should().Contain("none was set");
    }

    // Anybody who can write to the database can put such a row there.
    [Theory]
    [InlineData(Fit + "pkcs11:token=other;object=b")]
    [InlineData(Fit + "pkcs11:token=a;object=other")]
    [InlineData(Fit + "pkcs11:token=a;serial=1;object=b")]
    [InlineData(Fit + "pkcs11:object=b;token=a")]
    [InlineData(Fit + "pkcs11:token=a;object=b?module-path=/evil.so")]
    [InlineData(Fit + "pkcs11:token=a")]
    [InlineData("$pkcs11$aes-256-gcm$AAAA$AAAA$" + Uri)]
    [InlineData("$pkcs11$other$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$" + Uri)]
    [InlineData("")]
    public async Task A_row_that_names_another_key_is_shown_to_no_token(string parameters)
    {
        using RootKeyEnvironment environment = new(
            tokenModule: "/nowhere/x.so", tokenUri: Uri, tokenPinFile: _directory.Write("pin", "1234"));
        using RootSecrets secrets = new(new RootKeyLocator(environment, "/nowhere"));
        using RootSecrets none = new(new RootKeyLocator(new RootKeyEnvironment(), "/nowhere"));

        (await FindAsync(parameters, secrets)).Should().BeNull();
        (await FindAsync(Fit + Uri, none)).Should().BeNull("this process was told of no token");
        Func<Task> find = () => FindAsync(Fit + Uri, secrets);
        await find.Should().ThrowAsync<RootKeyException>("this row is").WithMessage("*'/nowhere/x.so'*no such file*");
        new Pkcs11Kind().Describe(Wrapper(Fit + Uri)).Should().Be(Uri);
    }

    [Fact]
    public void What_no_release_writes_is_not_shown() =>
        new Pkcs11Kind().Describe(Wrapper(Fit + "pkcs11:token=a\n;object=b")).Should().Be("parameters that no release writes");

    private async Task<string> Refusal(string module = "/nowhere/x.so", string? pinFile = "usual")
    {
        string? pin = pinFile == "usual" ? _directory.Write("usual-pin", "1234") : pinFile;
        using RootKeyEnvironment environment = new(tokenModule: module, tokenUri: Uri, tokenPinFile: pin);
        RootKeyToken token = new RootKeyLocator(environment, "/nowhere").FindToken()!;
        return (await token.Awaiting(UseAsync).Should().ThrowAsync<RootKeyException>()).Which.Message;
    }

    private static Task UseAsync(RootKeyToken token) =>
        token.UseAsync<int>(_ => throw new InvalidOperationException("No token is used here."), CancellationToken.None);

    private static async Task<RootKey?> FindAsync(string parameters, RootSecrets secrets) =>
        await new Pkcs11Kind().FindAsync(Wrapper(parameters), secrets, CancellationToken.None);

    private static RootWrapper Wrapper(string parameters) => new(
        Guid.Empty, Guid.Empty, Pkcs11Kind.KindName, parameters, "00", KeyringState.InUse, [], DateTimeOffset.UnixEpoch);
}
