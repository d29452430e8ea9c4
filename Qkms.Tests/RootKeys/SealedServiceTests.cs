using System.Net.Sockets;
using Qkms.Api.Commands;
using Qkms.Api.Hosting;
using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.RootKeys;

/// <summary>
/// Issue 16: a root key that was split. The service waits sealed until shares were given, and answers nothing but that it lives.
/// </summary>
public sealed class SealedServiceTests : ServiceTests, IDisposable
{
    private const int Piece = 16;

    // Short: the path of a Unix socket has 107 bytes.
    private readonly TemporaryDirectory _directory = new();

    public SealedServiceTests() => Directory.CreateDirectory(_directory.File("d"));

    private string Data => App.DataDirectory;

    private string Path => UnsealSocket.PathIn(Data);

    public void Dispose() => _directory.Dispose();

    private protected override QkmsApplication NewApplication() => new(_directory.File("d"));

    [Fact]
    public async Task A_sealed_service_refuses_everything_until_enough_shares_were_given()
    {
        string[] shares = await SplitAsync(count: 3, threshold: 2);
        using ServiceProcess service = await StartSealedAsync();
        using HttpClient client = service.Client();
        foreach ((HttpMethod method, string path) in ((HttpMethod, string)[])
            [(HttpMethod.Get, "/health/ready"), (HttpMethod.Get, "/kms/keys"), (HttpMethod.Post, "/crypto/encrypt"), (HttpMethod.Get, "/"),
                (HttpMethod.Get, "/swagger"), (HttpMethod.Get, "/nowhere")])
        {
            Answer refused = await client.SendJsonAsync(method, path, method == HttpMethod.Post ? "{}" : null);
            refused.ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001");
            refused.Body.Should().Contain("The service is sealed");
            refused.Headers.Should().ContainKey("Retry-After");
        }

        Answer ofAws = await client.PostJsonAsync("/", "{}");
        ofAws.Status.Should().Be(HttpStatusCode.InternalServerError, "that is what AWS KMS answers then");
        ofAws.Body.Should().Contain("\"KeyUnavailableException\"").And.Contain("The service is sealed");
        (await client.GetJsonAsync("/health/live")).ShouldBe(HttpStatusCode.OK);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Give(shares[2]).Should().Contain("1 of 2 shares");
        Give(shares[2]).Should().Contain("given before: 1 of 2");
        this.Invoking(_ => Give(shares[1][..^1] + "a7"[shares[1][^1] == 'a' ? 1 : 0])).Should().Throw<RootKeyException>()
            .Which.Message.Should().Contain("mistyped");
        this.Invoking(_ => Give(ShareOfAnother())).Should().Throw<RootKeyException>().Which.Message.Should().Contain("does not open this");
        (await client.GetJsonAsync("/health/ready")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        Give(shares[0]).Should().Contain("is unsealed");

        await Eventually.HoldsAsync(async () => (await client.GetJsonAsync("/health/ready")).Status == HttpStatusCode.OK);
        (await client.GetJsonAsync("/kms/keys/active?algorithm=AES-256&name=before")).ShouldBe(HttpStatusCode.OK);
        (await client.GenerateAsync("AES-256", new { name = "after" })).ShouldBe(HttpStatusCode.Created);
        File.Exists(Path).Should().BeFalse();
        this.Invoking(_ => Give(shares[0])).Should().Throw<RootKeyException>().Which.Message.Should().Contain("No sealed service waits");
        (await service.TerminateAsync()).Should().Be(0);
        foreach (string share in shares)
            service.Output.Should().NotContain(share[17..]);
    }

    [Fact]
    public async Task Shares_that_do_not_belong_together_are_forgotten_and_others_still_open()
    {
        string[] shares = await SplitAsync(count: 5, threshold: 3);
        using ServiceProcess service = await StartSealedAsync();

        Give(shares[0]).Should().Contain("1 of 3");
        Give(Forged(shares[1])).Should().Contain("2 of 3");
        this.Invoking(_ => Give(shares[2])).Should().Throw<RootKeyException>().Which.Message.Should().Contain("All were forgotten");
        Give(shares[1]).Should().Contain("1 of 3");
        Give(shares[4]).Should().Contain("2 of 3");
        Give(shares[3]).Should().Contain("is unsealed");

        using HttpClient client = service.Client();
        await Eventually.HoldsAsync(async () => (await client.GetJsonAsync("/health/ready")).Status == HttpStatusCode.OK);
    }

    [FactIf(Requirement.LongTests)]
    public async Task A_service_that_is_stopped_or_killed_while_it_waits_leaves_nothing_and_waits_again()
    {
        string[] shares = await SplitAsync(count: 2, threshold: 2);
        using (ServiceProcess stopped = await StartSealedAsync())
        {
            Give(shares[0]).Should().Contain("1 of 2");
            using Socket silent = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await silent.ConnectAsync(new UnixDomainSocketEndPoint(Path));
            (await stopped.TerminateAsync()).Should().Be(0, stopped.Output);
            File.Exists(Path).Should().BeFalse();
        }

        using (ServiceProcess killed = await StartSealedAsync())
        {
            Give(shares[0]).Should().Contain("1 of 2");
            await killed.KillAsync();
            File.Exists(Path).Should().BeTrue();
            this.Invoking(_ => Give(shares[1])).Should().Throw<RootKeyException>().Which.Message.Should().Contain("No sealed service");
        }

        using ServiceProcess service = await StartSealedAsync();
        Give(shares[1]).Should().Contain("1 of 2", "those of before are gone");
        foreach (string line in (string[])["", "\n\n", new string('a', 5000)])
            Send(line).Should().StartWith("no ");

        Give(shares[0]).Should().Contain("is unsealed");
        using HttpClient client = service.Client();
        await Eventually.HoldsAsync(async () => (await client.GetJsonAsync("/health/ready")).Status == HttpStatusCode.OK);
    }

    [FactIf(Requirement.ProcessMemory)]
    public async Task Neither_shares_nor_the_root_key_stay_in_memory()
    {
        string[] shares = await SplitAsync(count: 3, threshold: 3);
        using ServiceProcess service = await StartSealedAsync();
        RootKeyShare[] read = [.. shares.Select(share => RootKeyShare.Read(Encoding.ASCII.GetBytes(share)))];
        Give(shares[0]).Should().Contain("1 of 3");
        ProcessMemory.Patterns first = new();
        first.Add("the first share", read[0].Bytes.Span, Piece);
        ProcessMemory.Search(service.Id, first).Should().NotBeEmpty("the search finds what is there");
        Give(shares[1]).Should().Contain("2 of 3");
        Give(shares[2]).Should().Contain("is unsealed");
        using HttpClient client = service.Client();
        await Eventually.HoldsAsync(async () => (await client.GetJsonAsync("/health/ready")).Status == HttpStatusCode.OK);

        ProcessMemory.Patterns all = new();
        using (RootKey rootKey = SharesKind.Combine(read))
            all.Add("the root key", rootKey.WrappingKey.Secret.Span, Piece);

        for (int i = 0; i < shares.Length; i++)
        {
            all.Add($"share {i + 1}", read[i].Bytes.Span, Piece);
            all.Add<byte>($"the text of share {i + 1}", Encoding.ASCII.GetBytes(shares[i]["qkms-share-".Length..]), Piece);
        }

        (await LettingGo.LookAsync(service, all)).Should().BeEmpty();
    }

    [Fact]
    public async Task Shares_that_stay_too_few_are_zeroed_when_nobody_was_patient_enough()
    {
        _ = App.InitialApiKey;
        string[] shares = await AddSharesAsync(count: 3, threshold: 2);
        using RootSecrets secrets = new(new RootKeyLocator(new RootKeyEnvironment(), "/nowhere"));
        using CancellationTokenSource stop = new();
        ManualTime clock = ManualTime.Standing();
        Task serving = new UnsealSocket(Path, App.Services.GetRequiredService<Unsealing>(), secrets, clock).ServeAsync(stop.Token);
        await Eventually.HoldsAsync(() => Task.FromResult(Send("\n").StartsWith("no ", StringComparison.Ordinal)));
        Give(shares[0]).Should().Contain("1 of 2");
        RootKeyShare kept = secrets.Shares.Single();

        await Eventually.HoldsAsync(() =>
        {
            clock.FireTimers();
            return Task.FromResult(secrets.Shares.Count == 0);
        });

        kept.Invoking(share => share.Number).Should().Throw<ObjectDisposedException>();
        Give(shares[1]).Should().Contain("1 of 2", "the first one is gone");
        await stop.CancelAsync();
        await serving.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
        File.Exists(Path).Should().BeFalse();
    }

    // What was given is meant: who misnames a file is told, and the service does not wait.
    [Fact]
    public async Task A_root_key_that_opens_nothing_is_a_mistake_and_not_waited_for()
    {
        await SplitAsync(count: 2, threshold: 2);
        string other = _directory.Write("other", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

        (await ServiceProcess.StartInVainAsync(Data, new() { ["QKMS_ROOT_KEY_FILE"] = other })).Output
            .Should().Contain("does not match this database").And.Contain("(shares)");
    }

    [Fact]
    public async Task Commands_open_the_installation_with_shares_and_prove_them()
    {
        _ = App.InitialApiKey;
        string[] shares = await AddSharesAsync(count: 3, threshold: 2);
        IReadOnlyList<(string Id, string Kind, string RootKeyId, string State)> keys = await RootKeyCommands.ListAsync(Data);
        keys.Select(key => (key.Kind, key.State)).Should().Equal(("root-key", "opens"), ("shares", "not_at_hand"));
        (await RootKeyCommands.RunAsync(Data, "list")).Should().Contain("2 of 3 shares");

        await this.Awaiting(_ => RemoveAsync()).Should().ThrowAsync<RootKeyException>();
        await this.Awaiting(_ => RemoveAsync(shares[0])).Should().ThrowAsync<RootKeyException>();
        (await RemoveAsync(shares[0], shares[1])).Should().Contain("no longer");
        File.Delete(System.IO.Path.Combine(Data, "root.key"));

        (await RootKeyCommands.RunAsync(Data, shares[1..], "list", "--with-shares")).Should().Contain("opens now");
        await RootKeyCommands.Awaiting(Data, "list").Should().ThrowAsync<RootKeyException>().WithMessage("*or its shares*");
        string rotated = await RootKeyCommands.RunAsync(Data, shares[1..], "rotate", "--with-shares", "--shares=2", "--threshold=2");
        string[] next = SharesIn(rotated);
        (await RootKeyCommands.RunAsync(Data, next, "list", "--with-shares")).Should().Contain("2 of 2 shares").And.NotContain("2 of 3");

        Task<string> RemoveAsync(params string[] given) =>
            RootKeyCommands.RunAsync(Data, given, "remove", keys[0].RootKeyId, "--with-shares");
    }

    [Theory]
    [InlineData("--shares=5")]
    [InlineData("--threshold=3")]
    [InlineData("--shares=3", "--threshold=4")]
    [InlineData("--shares=1", "--threshold=1")]
    [InlineData("--shares=256", "--threshold=2")]
    [InlineData("--shares=x", "--threshold=2")]
    [InlineData("--shares=5", "--threshold=3", "--passphrase")]
    [InlineData("--shares=5", "--threshold=3", "--file=x")]
    public void Numbers_that_make_no_sense_are_refused(params string[] options) =>
        options.Invoking(given => RootKeyArguments.Split(["add", .. given])).Should().Throw<SettingsException>();

    private async Task<string[]> SplitAsync(int count, int threshold)
    {
        _ = App.InitialApiKey;
        await Client.GenerateAsync("AES-256", new { name = "before" });
        string[] shares = await AddSharesAsync(count, threshold);
        (string Id, string Kind, string RootKeyId, string State) file = (await RootKeyCommands.ListAsync(Data))[0];
        await RootKeyCommands.RunAsync(Data, shares, "remove", file.RootKeyId, "--with-shares");
        await App.DisposeAsync();
        File.Delete(System.IO.Path.Combine(Data, "root.key"));
        return shares;
    }

    private async Task<string[]> AddSharesAsync(int count, int threshold)
    {
        string said = await RootKeyCommands.RunAsync(Data, "add", $"--shares={count}", $"--threshold={threshold}", "--json");
        string[] shares = SharesIn(said);
        shares.Should().HaveCount(count);
        return shares;
    }

    private static string[] SharesIn(string said) =>
        [.. System.Text.RegularExpressions.Regex.Matches(said, "qkms-share-[a-z2-7-]+").Select(match => match.Value)];

    private async Task<ServiceProcess> StartSealedAsync()
    {
        ServiceProcess service = ServiceProcess.Launch(Data);
        await service.SaysAsync("is sealed");
        await Eventually.HoldsAsync(() => Task.FromResult(Send("\n").StartsWith("no ", StringComparison.Ordinal)));
        return service;
    }

    private string Give(string share)
    {
        using StringWriter output = new();
        UnsealCommand.Run(Data, () => SecretBytes.CopyOf(Encoding.ASCII.GetBytes(share)), isOne: true, output);
        return output.ToString();
    }

    // As a program of somebody else would.
    private string Send(string line)
    {
        try
        {
            return UnsealSocket.Send(Path, Encoding.ASCII.GetBytes(line));
        }
        catch (RootKeyException)
        {
            return "";
        }
    }

    // Another value with the right checksum.
    private static string Forged(string share)
    {
        using SecretBytes read = ShareText.TryRead(Encoding.ASCII.GetBytes(share), out uint tag)!;
        byte[] bytes = read.Span.ToArray();
        bytes[3] ^= 1;
        using SecretBytes text = ShareText.Write(Convert.ToHexString(BitConverter.GetBytes(tag).Reverse().ToArray()), bytes);
        return Encoding.ASCII.GetString(text.Span);
    }

    private static string ShareOfAnother()
    {
        (RootKey made, _, IReadOnlyList<SecretBytes> shares) = SharesKind.Create(2, 2);
        using (made)
            return Encoding.ASCII.GetString(shares[0].Span);
    }
}
