using System.Globalization;
using Microsoft.Extensions.Primitives;
using Qkms.Api.Aws;
using Qkms.Core.ApiKeys;

namespace Qkms.Tests.Aws;

/// <summary>AWS Signature Version 4 against requests that real clients signed.</summary>
public sealed class CanonicalRequestTests
{
    public static TheoryData<CapturedRequest> Captured => [.. CapturedRequests.All];

    /// <summary>E-10: what the clients signed verifies bit for bit.</summary>
    [Theory]
    [MemberData(nameof(Captured))]
    public void Requests_of_real_clients_verify(CapturedRequest captured)
    {
        Verify(captured.Headers, captured.Body).Should().BeNull();
    }

    /// <summary>E-10: whatever of a signed request is another one, the signature is not its own.</summary>
    [Theory]
    [MemberData(nameof(Captured))]
    public void A_change_of_any_signed_header_or_of_the_body_breaks_the_signature(CapturedRequest captured)
    {
        string[] signed = SignatureOf(captured.Headers).SignedHeaders.ToArray();
        foreach (string name in signed.Except(["x-amz-date", "x-amz-content-sha256"]))
        {
            Dictionary<string, StringValues> headers = captured.Headers;
            headers[name] = headers[name] + "x";
            Verify(headers, captured.Body).Should().Be("wrong", name);
        }

        Verify(captured.Headers, captured.Body + " ").Should().Be("wrong");
        Verify(captured.Headers, captured.Body, target: "/kms").Should().Be("wrong", "the path is signed too");
        foreach ((string what, string with) in new[] { ("/eu-central-1/", "/eu-central-2/"), ("Signature=", "Signature=0") })
        {
            Dictionary<string, StringValues> headers = captured.Headers;
            string authorization = headers["Authorization"].ToString().Replace(what, with, StringComparison.Ordinal);
            headers["Authorization"] = what == "Signature=" ? authorization[..^1] : authorization;
            Verify(headers, captured.Body).Should().Be("wrong", what);
        }
    }

    /// <summary>E-10: a target, a date or another header of AWS that is not signed could be swapped on the way.</summary>
    [Theory]
    [InlineData("host;x-amz-date", "x-amz-target")]
    [InlineData("host;x-amz-target", "x-amz-date")]
    [InlineData("x-amz-date;x-amz-target", "host")]
    public void What_must_be_signed_is_signed(string signedHeaders, string missing)
    {
        Dictionary<string, StringValues> headers = CapturedRequests.All[0].Headers;
        Sign(headers, signedHeaders);

        Verify(headers, CapturedRequests.All[0].Body).Should().Contain("InvalidSignatureException").And.Contain($"'{missing}'");
    }

    [Fact]
    public void Every_header_of_aws_is_signed()
    {
        Dictionary<string, StringValues> headers = CapturedRequests.All[0].Headers;
        headers["X-Amz-Something"] = "added on the way";

        Verify(headers, CapturedRequests.All[0].Body).Should().Contain("InvalidSignatureException").And.Contain("x-amz-something");
    }

    /// <summary>Two hosts, or two targets, leave open which one is meant, though both are signed.</summary>
    [Theory]
    [InlineData("host")]
    [InlineData("x-amz-target")]
    public void Host_and_target_are_there_once(string name)
    {
        CapturedRequest captured = CapturedRequests.All[0];
        Dictionary<string, StringValues> headers = captured.Headers;
        headers[name] = new StringValues([headers[name].ToString(), "another"]);
        Sign(headers, "content-type;host;x-amz-date;x-amz-target", captured.Body);

        Verify(headers, captured.Body).Should().Contain("IncompleteSignatureException").And.Contain("must be there once");
    }

    /// <summary>A clock may be five minutes off, and no more.</summary>
    [Theory]
    [InlineData(301, "Signature expired")]
    [InlineData(-301, "Signature not yet current")]
    [InlineData(299, null)]
    [InlineData(-299, null)]
    public void A_clock_may_be_five_minutes_off(int seconds, string? refusal)
    {
        CapturedRequest captured = CapturedRequests.All[0];

        string? problem = Verify(captured.Headers, captured.Body, TimeSpan.FromSeconds(seconds));

        if (refusal is null)
            problem.Should().BeNull();
        else
            problem.Should().Contain("InvalidSignatureException").And.Contain(refusal);
    }

    [Theory]
    [InlineData("Authorization", "Basic QUtJQQ==", "IncompleteSignatureException")]
    [InlineData("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=x", "SigV4a is not supported")]
    [InlineData("X-Amz-Security-Token", "of a session", "UnrecognizedClientException")]
    [InlineData("X-Amz-Date", "yesterday", "IncompleteSignatureException")]
    [InlineData("X-Amz-Date", "20261128T000001Z", "Date in Credential scope")]
    [InlineData("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD", "InvalidSignatureException")]
    public void What_is_no_signature_of_this_version_is_refused_clearly(string header, string value, string refusal)
    {
        CapturedRequest captured = CapturedRequests.All[3];
        Dictionary<string, StringValues> headers = captured.Headers;
        headers[header] = value;

        Verify(headers, captured.Body).Should().Contain(refusal);
    }

    [Theory]
    [InlineData("/kms/aws4_request", "/s3/aws4_request", "scoped to correct service")]
    [InlineData("/kms/aws4_request", "/kms/aws5_request", "IncompleteSignatureException")]
    [InlineData("SignedHeaders=content-type;host", "SignedHeaders=host;content-type", "sorted")]
    [InlineData("SignedHeaders=content-type;", "SignedHeaders=content-type;content-type;", "sorted")]
    [InlineData("SignedHeaders=content-type;", "SignedHeaders=absent;content-type;", "not in the request")]
    [InlineData("Signature=", "Signature=zz", "IncompleteSignatureException")]
    public void A_malformed_header_is_refused_clearly(string what, string with, string refusal)
    {
        CapturedRequest captured = CapturedRequests.All[0];
        Dictionary<string, StringValues> headers = captured.Headers;
        headers["Authorization"] = headers["Authorization"].ToString().Replace(what, with, StringComparison.Ordinal);

        Verify(headers, captured.Body).Should().Contain(refusal);
    }

    [Theory]
    [InlineData("/?Action=Decrypt")]
    [InlineData("/%2e")]
    public void A_query_is_refused(string target) =>
        Verify(CapturedRequests.All[0].Headers, CapturedRequests.All[0].Body, target: target).Should().Contain("without a query");

    [Fact]
    public void Spaces_in_a_header_count_as_one()
    {
        CapturedRequest captured = CapturedRequests.All[3];
        Dictionary<string, StringValues> headers = captured.Headers;
        Sign(headers, "content-type;host;x-amz-api-version;x-amz-content-sha256;x-amz-date;x-amz-target", captured.Body);
        headers["x-amz-api-version"] = $"  {headers["x-amz-api-version"]} ";

        Verify(headers, captured.Body).Should().BeNull();
    }

    private static SignatureHeader SignatureOf(Dictionary<string, StringValues> headers)
    {
        SignatureHeader.TryParse(headers["Authorization"].ToString(), out SignatureHeader? signature, out _).Should().BeTrue();
        return signature!;
    }

    // Null when it verifies; "wrong" when the signature is another one; else the refusal.
    private static string? Verify(Dictionary<string, StringValues> headers, string body, TimeSpan late = default, string target = "/")
    {
        if (!SignatureHeader.TryParse(headers["Authorization"].ToString(), out SignatureHeader? signature, out SignatureProblem? problem))
            return problem.ToString();

        DateTimeOffset sent = DateTimeOffset.ParseExact(
            CapturedRequests.All.Single(one => one.Headers["Host"] == headers["Host"] && one.Body.Trim() == body.Trim()
                || one.Headers["User-Agent"] == headers["User-Agent"]).Headers["X-Amz-Date"].ToString(),
            "yyyyMMdd'T'HHmmss'Z'",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal);
        if (!CanonicalRequest.TryCreate(target, headers, signature, sent + late, out CanonicalRequest? request, out problem))
            return problem.ToString();

        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        if (request.DeclaredBodyHash is { } declared && declared != hash)
            return "wrong";

        byte[] key = new byte[SigningKeys.Size];
        SigningKeys.Derive(Encoding.ASCII.GetBytes(CapturedRequests.Secret), signature.Date, signature.Region, key);
        byte[] expected = HMACSHA256.HashData(key, request.StringToSign(hash));
        return expected.AsSpan().SequenceEqual(signature.Signature) ? null : "wrong";
    }

    private static void Sign(Dictionary<string, StringValues> headers, string signedHeaders, string body = "")
    {
        AwsSigner signer = new(CapturedRequests.AccessKeyId, CapturedRequests.Secret, "eu-central-1");
        headers["Authorization"] = signer.Authorize(
            name => headers[name].ToString(), signedHeaders, body, headers["X-Amz-Date"].ToString());
    }
}
