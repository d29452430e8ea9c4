using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Primitives;
using Qkms.Api.Aws;
using Qkms.Core.AwsKms;
using Qkms.Tests.Certificates;

namespace Qkms.Tests.RootKeys;

/// <summary>What is sent to another KMS, and what is not taken from it.</summary>
public sealed class AwsKmsClientTests
{
    private const string SecretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private const string Secret = "0123456789abcdef0123456789abcdef";

    private static readonly AwsKmsKeyName _key = AwsKmsKeyName.Parse("alias/root");
    private static readonly Dictionary<string, string> _context = new() { ["qkms:purpose"] = "a test" };
    private static readonly string _text = Convert.ToBase64String(Encoding.ASCII.GetBytes(Secret));
    private static readonly string _opened = $$"""{"KeyId":"any","Plaintext":"{{_text}}","EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}""";

    // AWS's test suite of Signature Version 4: get-vanilla, post-vanilla, post-header-key-sort and post-x-www-form-urlencoded.
    [Theory]
    [InlineData("GET", null, null, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
    [InlineData("POST", null, null, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")]
    [InlineData("POST", "my-header1:value1", null, "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c")]
    [InlineData(
        "POST",
        "content-type:application/x-www-form-urlencoded",
        "Param1=value1",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")]
    public void Signatures_are_those_of_the_suite_of_AWS(string method, string? header, string? body, string signature)
    {
        Dictionary<string, string> headers = new() { ["host"] = "example.amazonaws.com", ["x-amz-date"] = "20150830T123600Z" };
        if (header?.Split(':') is [string name, string value])
            headers.Add(name, value);

        using AwsAccessKey accessKey = AccessKey();
        SigV4.Authorize(accessKey, "us-east-1", "service", method, headers, Encoding.UTF8.GetBytes(body ?? ""))
            .Should().Be(
                $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="
                + $"{string.Join(';', headers.Keys.Order(StringComparer.Ordinal))}, Signature={signature}");
    }

    [Fact]
    public async Task A_request_is_that_of_AWS_KMS_and_what_Qkms_checks_of_it_holds()
    {
        using FakeAwsKms server = new(_ => FakeAwsKms.Http(200, _opened));

        using SecretBytes plaintext = await DecryptAsync(server);

        Encoding.ASCII.GetString(plaintext.Span).Should().Be(Secret);
        string[] parts = server.Requests.Should().ContainSingle().Which.Split("\r\n\r\n", 2);
        string[] lines = parts[0].Split("\r\n");
        lines[0].Should().Be("POST / HTTP/1.1");
        Dictionary<string, StringValues> headers = lines[1..].Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => new StringValues(pair[1]), StringComparer.OrdinalIgnoreCase);
        headers.Keys.Should().BeEquivalentTo(
            "Host", "Connection", "x-amz-date", "x-amz-target", "Authorization", "Content-Type", "Content-Length");
        headers["x-amz-target"].ToString().Should().Be("TrentService.Decrypt");
        parts[1].Should().Be(
            """{"KeyId":"alias/root","CiphertextBlob":"AQID","EncryptionContext":{"qkms:purpose":"a test"},"""
            + "\"EncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}");
        SignatureHeader.TryParse(headers["Authorization"].ToString(), out SignatureHeader? signature, out _).Should().BeTrue();
        signature!.SignedHeaders.Should().Equal("content-type", "host", "x-amz-date", "x-amz-target");
        CanonicalRequest.TryCreate("/", headers, signature, TimeProvider.System.GetUtcNow(), out CanonicalRequest? request, out _)
            .Should().BeTrue();
        request!.StringToSign(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(parts[1])))).Should().NotBeEmpty();
    }

    [Fact]
    public async Task A_body_that_comes_in_pieces_or_escaped_is_the_same()
    {
        string escaped = string.Concat(_text.Select(one => $"\\u{(int)one:x4}"));
        using FakeAwsKms server = new(_ => FakeAwsKms.Http(200, $$"""{"Plaintext":"{{escaped}}"}"""));

        using SecretBytes plaintext = await DecryptAsync(server);

        Encoding.ASCII.GetString(plaintext.Span).Should().Be(Secret);
    }

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "not JSON", "not JSON", "a Plaintext of 32 bytes" },
        { "cut", _opened[..^1], "a Plaintext of 32 bytes" },
        { "with something behind it", _opened + "x", "a Plaintext of 32 bytes" },
        { "a list", $"[{_opened}]", "a Plaintext of 32 bytes" },
        { "empty", "", "a Plaintext of 32 bytes" },
        { "without plaintext", "{}", "a Plaintext of 32 bytes" },
        { "another type", """{"Plaintext":32}""", "a Plaintext of 32 bytes" },
        { "twice", $$"""{"Plaintext":"{{_text}}","Plaintext":"{{_text}}"}""", "a Plaintext of 32 bytes" },
        { "no base64", """{"Plaintext":"!!!!"}""", "a Plaintext of 32 bytes" },
        { "31 bytes", $$"""{"Plaintext":"{{Convert.ToBase64String(new byte[31])}}"}""", "a Plaintext of 32 bytes" },
        { "33 bytes", $$"""{"Plaintext":"{{Convert.ToBase64String(new byte[33])}}"}""", "a Plaintext of 32 bytes" },
        { "too long", _opened + new string(' ', 16 * 1024), "a Content-Length of at most 16384 bytes" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task An_answer_that_is_none_of_AWS_KMS_is_refused_at_once(string what, string body, string missing)
    {
        using FakeAwsKms server = new(_ => FakeAwsKms.Http(200, body));

        string said = await RefusalOf(server);

        said.Should().Contain("does not answer Decrypt as AWS KMS does").And.Contain(missing, what).And.NotContain(_text[..8]);
        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task An_answer_of_unknown_length_is_refused()
    {
        using FakeAwsKms chunked = new(_ => FakeAwsKms.Http(
            200, $"{_opened.Length:x}\r\n{_opened}\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n"));
        using FakeAwsKms untilTheEnd = new(_ => FakeAwsKms.Http(200, _opened, "Connection: close\r\n"));
        using FakeAwsKms noHttp = new(_ => Encoding.ASCII.GetBytes("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
        using FakeAwsKms endless = new(_ => FakeAwsKms.Http(200, _opened, $"x: {new string('x', 64 * 1024)}\r\n"));

        (await RefusalOf(chunked)).Should().Contain("a Content-Length");
        (await RefusalOf(untilTheEnd)).Should().Contain("a Content-Length");
        (await RefusalOf(noHttp)).Should().Contain("not HTTP");
        (await RefusalOf(endless)).Should().Contain("headers without end");
        new[] { chunked, untilTheEnd, noHttp, endless }.Should().OnlyContain(server => server.Requests.Length == 1);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_is_not_followed(int status)
    {
        using FakeAwsKms target = new(_ => FakeAwsKms.Http(200, _opened));
        using FakeAwsKms server = new(_ => FakeAwsKms.Http(status, "", $"Location: {target.Url}/\r\nContent-Length: 0\r\n"));

        (await RefusalOf(server)).Should().Contain($"a redirect ({status}), which is not followed");

        server.Requests.Should().ContainSingle();
        target.Requests.Should().BeEmpty();
    }

    [Theory]
    [InlineData("AccessDeniedException", "AccessDeniedException", "Allow access key AKIDEXAMPLE")]
    [InlineData("com.amazonaws.kms#NotFoundException", "NotFoundException", "name another")]
    [InlineData("DisabledException:http://internal.amazon.com/", "DisabledException", "enable it")]
    [InlineData("KMSInvalidStateException", "KMSInvalidStateException", "cancel that")]
    [InlineData("InvalidKeyUsageException", "InvalidKeyUsageException", "SYMMETRIC_DEFAULT")]
    [InlineData("InvalidSignatureException", "InvalidSignatureException", "clocks")]
    [InlineData("SomethingNewException", "SomethingNewException", "its log")]
    [InlineData("a text\\nwith a line", "none of AWS's exceptions", "status 400")]
    public async Task A_refusal_is_told_by_its_name_and_not_asked_again(string type, string name, string advice)
    {
        using FakeAwsKms server = new(_ => FakeAwsKms.Exception(type));

        string said = await RefusalOf(server);

        said.Should().Contain(name).And.Contain(advice).And.NotContain("\n").And.NotContain("a text of the other side");
        said.Should().NotContain(SecretAccessKey[..8]);
        server.Requests.Should().ContainSingle();
    }

    [Theory]
    [InlineData("ThrottlingException", 400)]
    [InlineData("KMSInternalException", 500)]
    [InlineData("DependencyTimeoutException", 503)]
    [InlineData(null, 502)]
    [InlineData(null, 429)]
    public async Task What_may_pass_is_asked_three_times(string? type, int status)
    {
        byte[] refusal = type is null ? FakeAwsKms.Http(status, "<html>") : FakeAwsKms.Exception(type, status);
        using FakeAwsKms never = new(_ => refusal);
        int asked = 0;
        using FakeAwsKms twice = new(_ => ++asked < 3 ? refusal : FakeAwsKms.Http(200, _opened));

        (await RefusalOf(never)).Should().Contain(type ?? $"status {status}");
        never.Requests.Should().HaveCount(3);
        using SecretBytes plaintext = await DecryptAsync(twice);
        twice.Requests.Should().HaveCount(3);
        twice.Requests.Select(request => request.Split("\r\n\r\n")[1]).Distinct().Should().ContainSingle("the body is the same each time");
    }

    [Fact]
    public async Task What_breaks_off_is_asked_three_times()
    {
        using FakeAwsKms silent = new(_ => []);
        using FakeAwsKms cut = new(_ => FakeAwsKms.Http(200, _opened[..20], $"Content-Length: {_opened.Length}\r\n"));
        string nobody = $"http://127.0.0.1:{FreePorts.Next()}";

        (await RefusalOf(silent)).Should().Contain("the connection broke off");
        (await RefusalOf(cut)).Should().Contain("the connection broke off");
        (await RefusalOf(nobody)).Should().Contain($"The other KMS at {nobody}/ cannot be reached: nobody takes the connection");
        silent.Requests.Should().HaveCount(3);
        cut.Requests.Should().HaveCount(3);
    }

    [Fact]
    public async Task Who_does_not_answer_is_not_waited_for_without_end()
    {
        using FakeAwsKms server = new(_ => null);
        ManualTime time = ManualTime.Standing();
        Task<string> refusal = RefusalOf(server.Url, time);

        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        while (!refusal.IsCompleted)
        {
            time.FireTimers();
            await Task.Delay(10, limit.Token);
        }

        (await refusal).Should().Contain("it does not answer within 10 seconds");
        time.TimerPeriods.Should().BeEmpty();
    }

    [Fact]
    public async Task A_certificate_that_nobody_trusts_is_refused_at_once()
    {
        using X509Certificate2 certificate = TestCertificates.Make();
        using FakeAwsKms server = new(_ => FakeAwsKms.Http(200, _opened), certificate);

        (await RefusalOf(server)).Should().Contain("its certificate is not trusted here").And.Contain("SSL_CERT_FILE");

        server.Requests.Should().BeEmpty();
    }

    private static AwsAccessKey AccessKey() => new("AKIDEXAMPLE", SecretBytes.CopyOf(Encoding.ASCII.GetBytes(SecretAccessKey)));

    private static Task<string> RefusalOf(FakeAwsKms server) => RefusalOf(server.Url);

    private static async Task<string> RefusalOf(string url, TimeProvider? time = null)
    {
        Func<Task> decrypt = () => DecryptAsync(url, time);
        return (await decrypt.Should().ThrowAsync<AwsKmsException>()).Which.Message;
    }

    private static Task<SecretBytes> DecryptAsync(FakeAwsKms server) => DecryptAsync(server.Url, time: null);

    private static async Task<SecretBytes> DecryptAsync(string url, TimeProvider? time)
    {
        using AwsAccessKey accessKey = AccessKey();
        AwsKmsClient client = new(
            AwsKmsEndpoint.Of(new AwsKmsEnvironment(url, "eu-west-1")), accessKey, time ?? TimeProvider.System);
        return await client.DecryptAsync(_key, [1, 2, 3], _context, Secret.Length, CancellationToken.None);
    }
}
