using Qkms.Core.AwsKms;

namespace Qkms.Tests.RootKeys;

/// <summary>What a process does before it asks another KMS, and what it never does: nothing here needs one.</summary>
public sealed class AwsKmsKindTests : IDisposable
{
    private const string Key = "alias/root";
    private const string Credentials = "aws_access_key_id=AKIDEXAMPLE\naws_secret_access_key=first-secret\n";

    // Nobody listens on it.
    private const string Nowhere = "http://127.0.0.1:1";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("https://kms.example.net", "https://kms.example.net/")]
    [InlineData("https://10.0.0.7:8443/", "https://10.0.0.7:8443/")]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080/")]
    [InlineData("http://[::1]:8080", "http://[::1]:8080/")]
    [InlineData("http://localhost:8080", "http://localhost:8080/")]
    [InlineData(null, "https://kms.eu-west-1.amazonaws.com/")]
    public void An_endpoint_is_https_or_on_this_host(string? endpoint, string url) =>
        AwsKmsEndpoint.Of(new AwsKmsEnvironment(endpoint, "eu-west-1")).Url.ToString().Should().Be(url);

    [Theory]
    [InlineData("http://kms.example.net", "must be https")]
    [InlineData("http://10.0.0.7", "must be https")]
    [InlineData("http://[fd00::7]", "must be https")]
    [InlineData("http://0.0.0.0", "must be https")]
    [InlineData("http://127.0.0.1.example.net", "must be https")]
    [InlineData("http://localhost.example.net", "must be https")]
    [InlineData("", "is not a URL")]
    [InlineData("kms.example.net", "is not a URL")]
    [InlineData("ftp://127.0.0.1", "is not a URL")]
    [InlineData("file:///etc/passwd", "is not a URL")]
    [InlineData("https://user:secret@kms.example.net", "is not a URL")]
    [InlineData("https://kms.example.net/kms", "is not a URL")]
    [InlineData("https://kms.example.net?x=y", "is not a URL")]
    public void Another_endpoint_is_refused(string endpoint, string why) =>
        this.Invoking(_ => AwsKmsEndpoint.Of(new AwsKmsEnvironment(endpoint, "eu-west-1"))).Should().Throw<AwsKmsException>()
            .WithMessage($"QKMS_AWS_KMS_ENDPOINT*{why}*").Which.Message.Should().NotContain("secret@");

    [Theory]
    [InlineData("")]
    [InlineData("EU")]
    [InlineData("eu west")]
    [InlineData("eu.evil.example/")]
    public void A_region_is_a_word(string region) =>
        this.Invoking(_ => AwsKmsEndpoint.Of(new AwsKmsEnvironment(Region: region))).Should().Throw<AwsKmsException>()
            .WithMessage("QKMS_AWS_KMS_REGION is not a region*");

    [Fact]
    public async Task Who_names_a_key_names_a_region_and_an_access_key_too()
    {
        using RootKeyEnvironment noRegion = new(awsKms: new AwsKmsEnvironment(Key: Key));
        this.Invoking(_ => new RootKeyLocator(noRegion, "/nowhere").FindOtherKms()).Should().Throw<RootKeyException>()
            .WithMessage("*QKMS_AWS_KMS_REGION*");
        using RootKeyEnvironment noKey = new(awsKms: new AwsKmsEnvironment(Nowhere, "eu-west-1"));
        new RootKeyLocator(noKey, "/nowhere").FindOtherKms().Should().BeNull("a command may name one");
        using RootKeyEnvironment wrong = new(awsKms: new AwsKmsEnvironment(Nowhere, "eu-west-1", "a$b"));
        this.Invoking(_ => new RootKeyLocator(wrong, "/nowhere").FindOtherKms()).Should().Throw<RootKeyException>()
            .WithMessage("QKMS_AWS_KMS_KEY: *not one that AWS KMS takes*");

        (await Refusal(file: null)).Should().Contain("There is no access key for the other KMS").And.Contain("qkms-aws-kms");
        (await Refusal(file: "")).Should().Contain("names no file");
        (await Refusal(file: _directory.File("none"))).Should().Contain("does not exist");
    }

    [Theory]
    [InlineData("[default]\r\naws_access_key_id = AKIDEXAMPLE\r\naws_secret_access_key = first-secret\r\n")]
    [InlineData("# made today\n\naws_secret_access_key=first-secret\naws_access_key_id=AKIDEXAMPLE")]
    public void An_access_key_is_in_the_form_of_AWS(string text)
    {
        using AwsAccessKey read = AwsAccessKey.Parse(Encoding.UTF8.GetBytes(text));

        read.Id.Should().Be("AKIDEXAMPLE");
        Encoding.UTF8.GetString(read.Secret.Span).Should().Be("first-secret");
        read.ToString().Should().NotContain("first-secret");
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n", "names no aws_access_key_id")]
    [InlineData("AKIDEXAMPLE\nfirst-secret\n", "has a line that is neither")]
    [InlineData("aws_secret_access_key=first-secret\n", "names no aws_access_key_id")]
    [InlineData("aws_access_key_id=A B\naws_secret_access_key=first-secret\n", "names no aws_access_key_id")]
    [InlineData("aws_access_key_id=AKIDEXAMPLE\n", "has no aws_secret_access_key")]
    [InlineData("aws_access_key_id=AKIDEXAMPLE\naws_secret_access_key=first secret\n", "has no aws_secret_access_key")]
    [InlineData("[a]\naws_access_key_id=A\naws_secret_access_key=first-secret\n[b]\n", "has more than one profile")]
    [InlineData(Credentials + "aws_secret_access_key=second-secret\n", "each once")]
    [InlineData(Credentials + "aws_session_token=first-token\n", "has a session token")]
    public async Task Another_file_is_refused_and_never_repeated(string text, string why) =>
        (await Refusal(file: _directory.Write("credentials", text)))
            .Should().Contain(why).And.Contain("The access key from").And.NotContain("first").And.NotContain("second");

    [Fact]
    public async Task The_file_of_an_access_key_is_looked_at_as_that_of_a_root_key()
    {
        if (OperatingSystem.IsWindows())
            return;

        _directory.Write("open", Credentials, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        (await Refusal(file: _directory.File("open"))).Should().Contain("The access key from").And.Contain("open to other users");
        File.CreateSymbolicLink(_directory.File("link"), _directory.Write("credentials", Credentials));
        (await Refusal(file: _directory.File("link"))).Should().Contain("symbolic link");
        (await Refusal(file: _directory.Write("long", new string('#', 5000)))).Should().Contain("longer than");

        // The credential of systemd, where no file is named: read, and the other KMS is what is missing then.
        _directory.Write("qkms-aws-kms", Credentials);
        using RootKeyEnvironment environment = new(
            credentialsDirectory: _directory.Path, awsKms: new AwsKmsEnvironment(Nowhere, "eu-west-1", Key));
        RootKeyOtherKms other = new RootKeyLocator(environment, "/nowhere").FindOtherKms()!;
        await other.Awaiting(UseAsync).Should().ThrowAsync<RootKeyException>().WithMessage("*cannot be reached*");
    }

    // Each row would wait for it.
    [Fact]
    public async Task What_has_failed_is_not_tried_again()
    {
        int read = 0;
        RootKeyOtherKms other = new(
            AwsKmsEndpoint.Of(new AwsKmsEnvironment(Nowhere, "eu-west-1")),
            AwsKmsKeyName.Parse(Key),
            () =>
            {
                read++;
                return AwsAccessKey.Parse(Encoding.UTF8.GetBytes(Credentials));
            },
            TimeProvider.System);

        for (int i = 0; i < 3; i++)
            await other.Awaiting(UseAsync).Should().ThrowAsync<RootKeyException>().WithMessage("*cannot be reached*");

        read.Should().Be(1);
    }

    // Anybody who can write to the database can put such a row there.
    [Theory]
    [InlineData("$aws-kms$AAAA$alias/other")]
    [InlineData("$aws-kms$AAAA$alias/Root")]
    [InlineData("$aws-kms$AAAA$alias/root\n")]
    [InlineData("$aws-kms$AAAA$https://evil.example/alias/root")]
    [InlineData("$aws-kms$AAA$alias/root")]
    [InlineData("$aws-kms$AAB=$alias/root")]
    [InlineData("$aws-kms$$alias/root")]
    [InlineData("$pkcs11$AAAA$alias/root")]
    [InlineData("")]
    public async Task A_row_that_names_another_key_is_shown_to_no_KMS(string parameters)
    {
        using FakeAwsKms server = new(_ => FakeAwsKms.Exception("InvalidCiphertextException"));
        using RootKeyEnvironment environment = new(awsKms: new AwsKmsEnvironment(
            server.Url, "eu-west-1", Key, _directory.Write("credentials", Credentials)));
        using RootSecrets secrets = new(new RootKeyLocator(environment, "/nowhere"));
        using RootSecrets none = new(new RootKeyLocator(new RootKeyEnvironment(), "/nowhere"));

        (await FindAsync(parameters, secrets)).Should().BeNull();
        (await FindAsync($"$aws-kms$AAAA${Key}", none)).Should().BeNull("this process was told of no other KMS");
        server.Requests.Should().BeEmpty();
        Func<Task> find = () => FindAsync($"$aws-kms$AAAA${Key}", secrets);
        await find.Should().ThrowAsync<RootKeyException>("this row is").WithMessage("*does not open*(InvalidCiphertextException)*");
        server.Requests.Should().ContainSingle();
        new AwsKmsKind().Describe(Wrapper($"$aws-kms$AAAA${Key}")).Should().Be(Key);
    }

    [Fact]
    public async Task A_key_that_is_another_one_is_refused_even_where_the_other_KMS_says_that_it_opens()
    {
        string text = Convert.ToBase64String(new byte[32]);
        using FakeAwsKms server = new(_ => FakeAwsKms.Http(200, $$"""{"Plaintext":"{{text}}","CiphertextBlob":"AAAA"}"""));
        using RootKeyEnvironment environment = new(awsKms: new AwsKmsEnvironment(
            server.Url, "eu-west-1", Key, _directory.Write("credentials", Credentials)));
        using RootSecrets secrets = new(new RootKeyLocator(environment, "/nowhere"));

        Func<Task> find = () => FindAsync($"$aws-kms$AAAA${Key}", secrets);
        await find.Should().ThrowAsync<RootKeyException>().WithMessage("*does not open what the database has of root key 00*");
        Func<Task> create = () => AwsKmsKind.CreateAsync(secrets.OtherKms!, CancellationToken.None);
        await create.Should().ThrowAsync<RootKeyException>().WithMessage("*does not decrypt what it has encrypted: nothing was stored.");
    }

    [Fact]
    public void What_no_release_writes_is_not_shown() =>
        new AwsKmsKind().Describe(Wrapper("$aws-kms$AAAA$alias/a\nb")).Should().Be("parameters that no release writes");

    private static async Task<string> Refusal(string? file)
    {
        using RootKeyEnvironment environment = new(awsKms: new AwsKmsEnvironment(Nowhere, "eu-west-1", Key, file));
        RootKeyOtherKms other = new RootKeyLocator(environment, "/nowhere").FindOtherKms()!;
        return (await other.Awaiting(UseAsync).Should().ThrowAsync<RootKeyException>()).Which.Message;
    }

    private static Task UseAsync(RootKeyOtherKms other) => other.UseAsync(async client => await client.DecryptAsync(
        other.Key, [1], new Dictionary<string, string>(), RootKey.Size, CancellationToken.None));

    private static async Task<RootKey?> FindAsync(string parameters, RootSecrets secrets) =>
        await new AwsKmsKind().FindAsync(Wrapper(parameters), secrets, CancellationToken.None);

    private static RootWrapper Wrapper(string parameters) => new(
        Guid.Empty, Guid.Empty, AwsKmsKind.KindName, parameters, "00", KeyringState.InUse, [], DateTimeOffset.UnixEpoch);
}
