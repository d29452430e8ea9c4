namespace Qkms.Tests.Aws;

/// <summary>
/// E-10: signed requests byte by byte, on a real connection. What a client may choose is accepted; whatever else is not as AWS Signature
/// Version 4 wants it is refused before anything is done, with an exception that says what is wrong and never with a fault.
/// </summary>
public sealed class SignatureOnTheWireTests : ServiceTests
{
    private const string Incomplete = "IncompleteSignatureException";
    private const string Invalid = "InvalidSignatureException";
    private const string Unknown = "UnrecognizedClientException";

    // Said to anybody: which operations there are is no secret.
    private const string NoOperation = "UnknownOperationException";

    private static readonly string[] _ofOtherSchemes =
        ["x", "Bearer x", "Basic QUtJQTp4", "AWS AKIAAAAAAAAAAAAAAAAA:c2lnbmF0dXJl", "AWS4-HMAC-SHA256"];

    private delegate void Change(SignedDraft draft);

    [Fact]
    public async Task What_a_client_may_choose_is_accepted()
    {
        (AwsSigner signer, HttpClient client) = await StartAsync();
        using HttpClient _ = client;
        foreach ((string what, Change before, Change after) in ((string, Change, Change)[])
        [
            ("nothing special", Nothing, Nothing),
            ("the hash of the body", d => d.Add("X-Amz-Content-Sha256", SignedDraft.HashOf(d.Body)), Nothing),
            ("chunks, whose body is hashed when it is there", d => d.IsChunked = true, Nothing),
            (
                "chunks, with the hash of the body",
                d =>
                {
                    d.IsChunked = true;
                    d.Add("X-Amz-Content-Sha256", SignedDraft.HashOf(d.Body));
                },
                Nothing),
            ("names in any case", Nothing, d => Rename(d, "X-Amz-Date", "x-AMZ-dAtE")),
            ("lines in any order", Nothing, d => d.Headers.Reverse()),
            ("spaces around a value", Nothing, d => d.Replace("X-Amz-Target", $" \t {d.ValueOf("X-Amz-Target")} \t ")),
            ("several spaces in a value, which count as one", d => d.Add("Amz-Sdk-Request", "attempt=1;  max=3   x"), Nothing),
            ("a tab in a value, which counts as it is", d => d.Add("Amz-Sdk-Request", "attempt=1;\tmax=3"), Nothing),
            ("an empty value", d => d.Add("X-Amz-Meta", ""), Nothing),
            ("letters beyond ASCII", d => d.Add("X-Amz-Meta", "Größe \u6f22 \U0001F600"), Nothing),
            (
                "a name twice, joined in its order",
                d =>
                {
                    d.Add("X-Amz-Meta", "one");
                    d.Add("X-Amz-Meta", "two");
                },
                Nothing),
            ("a header that is not signed", Nothing, d => d.Add("X-Forwarded-For", "192.0.2.1")),
            ("no space after the commas", Nothing, d => d.Authorization = d.Authorization.Replace(", ", ",", StringComparison.Ordinal)),
            ("spaces around the commas", Nothing, d => d.Authorization = d.Authorization.Replace(", ", " ,  ", StringComparison.Ordinal)),
            ("the target in absolute form", Nothing, d => d.Target = $"http://{d.ValueOf("Host")}/"),
            ("a clock four minutes slow", d => d.Replace("X-Amz-Date", SignedDraft.DateOf(Now.AddMinutes(-4))), Nothing),
        ])
        {
            Answer answer = await SendAsync(signer, client, before, after);

            answer.Status.Should().Be(HttpStatusCode.OK, $"{what}: {answer.Body}");
        }

        foreach (string region in (string[])["us-gov-west-1", "local", "1", new string('x', 64)])
            (await SendAsync(signer with { Region = region }, client, Nothing, Nothing)).Status.Should().Be(HttpStatusCode.OK, region);
    }

    [Fact]
    public async Task What_was_changed_added_or_left_unsigned_is_refused()
    {
        (AwsSigner signer, HttpClient client) = await StartAsync();
        using HttpClient _ = client;
        await AreRefusedAsync(
            signer,
            client,
            [
                ("another target", Nothing, d => d.Replace("X-Amz-Target", "TrentService.DescribeKey"), Invalid),
                ("a target that is no operation", Nothing, d => d.Replace("X-Amz-Target", "TrentService.Nothing"), NoOperation),
                ("another host", Nothing, d => d.Replace("Host", "kms.eu-west-1.amazonaws.com"), Invalid),
                ("another media type", Nothing, d => d.Replace("Content-Type", "application/x-amz-json-1.0"), Invalid),
                ("another second", Nothing, d => d.Replace("X-Amz-Date", SignedDraft.DateOf(Now.AddSeconds(-30))), Invalid),
                ("another case of a value", Nothing, d => d.Replace("Content-Type", "Application/x-amz-json-1.1"), Invalid),
                ("a space within a value", Nothing, d => d.Replace("Content-Type", "application/ x-amz-json-1.1"), Invalid),
                ("another byte of the body", Nothing, d => d.Body = d.Body.Replace('8', '9'), Invalid),
                ("a line feed after the body", Nothing, d => d.Body += "\n", Invalid),
                ("no body", Nothing, d => d.Body = "", Invalid),
                ("a second value of a signed name", Nothing, d => d.Add("Content-Type", "application/x-amz-json-1.1"), Invalid),
                ("a header of AWS that is not signed", Nothing, d => d.Add("X-Amz-Meta", "x"), Invalid),
                ("the hash of the body, not signed", Nothing, d => d.Add("X-Amz-Content-Sha256", SignedDraft.HashOf(d.Body)), Invalid),
                ("a host that is not signed", d => d.SignedHeaders = "content-type;x-amz-date;x-amz-target", Nothing, Invalid),
                ("a date that is not signed", d => d.SignedHeaders = "content-type;host;x-amz-target", Nothing, Invalid),
                ("a target that is not signed", d => d.SignedHeaders = "content-type;host;x-amz-date", Nothing, Invalid),
                ("a signed header that went away", d => d.Add("Amz-Sdk-Request", "1"), d => d.Remove("Amz-Sdk-Request"), Invalid),
                (
                    "two values in another order",
                    d =>
                    {
                        d.Add("X-Amz-Meta", "one");
                        d.Add("X-Amz-Meta", "two");
                    },
                    d => d.Headers.Reverse(),
                    Invalid),
                (
                    "a body in another coding",
                    d => d.Add("Content-Encoding", "aws-chunked"),
                    d => d.Body = $"13\r\n{d.Body}\r\n0\r\n\r\n",
                    Invalid),
            ]);
    }

    [Fact]
    public async Task A_hash_of_the_body_is_that_of_the_body()
    {
        (AwsSigner signer, HttpClient client) = await StartAsync();
        using HttpClient _ = client;
        await AreRefusedAsync(
            signer,
            client,
            [
                .. new[]
                {
                    "UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "", "x",
                    SignedDraft.HashOf("x")[..63], $"{SignedDraft.HashOf("x")}0", SignedDraft.HashOf("x").ToUpperInvariant(),
                    SignedDraft.HashOf("x"), SignedDraft.HashOf(""), new string('0', 64),
                }.Select(hash => (hash, (Change)(d => d.Add("X-Amz-Content-Sha256", hash)), (Change)Nothing, Invalid)),
                (
                    "the hash in capitals",
                    d => d.Add("X-Amz-Content-Sha256", SignedDraft.HashOf(d.Body).ToUpperInvariant()),
                    Nothing,
                    Invalid),
                (
                    "the hash twice",
                    d =>
                    {
                        d.Add("X-Amz-Content-Sha256", SignedDraft.HashOf(d.Body));
                        d.Add("X-Amz-Content-Sha256", SignedDraft.HashOf(d.Body));
                    },
                    Nothing,
                    Invalid),
                (
                    "a changed body in chunks",
                    d =>
                    {
                        d.IsChunked = true;
                        d.Add("X-Amz-Content-Sha256", SignedDraft.HashOf(d.Body));
                    },
                    d => d.Body = d.Body.Replace('8', '9'),
                    Invalid),
            ]);
    }

    [Fact]
    public async Task Dates_are_there_once_in_one_form_and_of_the_day_of_the_scope()
    {
        (AwsSigner signer, HttpClient client) = await StartAsync();
        using HttpClient _ = client;
        string date = SignedDraft.DateOf(Now);
        await AreRefusedAsync(
            signer,
            client,
            [
                .. new[]
                {
                    date[..15], date.ToLowerInvariant(), $"{date[..15]}.123Z", $"{date[..8]} {date[9..]}", $"{date[..15]}+0000",
                    $"{date[..4]}-{date[4..6]}-{date[6..8]}T00:00:00Z", $"{date[..8]}T240000Z", $"{date[..4]}1301T000000Z",
                    "20260229T000000Z", $"{date[..8]}T0000\u0660\u0660Z", "Fri, 27 Nov 2026 12:00:00 GMT", "yesterday",
                }.Select(one => (one, (Change)(d => d.Replace("X-Amz-Date", one)), (Change)Nothing, Incomplete)),
                ("two dates", d => d.Add("X-Amz-Date", date), Nothing, Incomplete),
                (
                    "no date but that of HTTP",
                    Nothing,
                    d =>
                    {
                        d.Remove("X-Amz-Date");
                        d.Add("Date", Now.ToString("R", System.Globalization.CultureInfo.InvariantCulture));
                    },
                    Invalid),
                ("ten minutes slow", d => d.Replace("X-Amz-Date", SignedDraft.DateOf(Now.AddMinutes(-10))), Nothing, Invalid),
                ("ten minutes fast", d => d.Replace("X-Amz-Date", SignedDraft.DateOf(Now.AddMinutes(10))), Nothing, Invalid),
                ("ten years ago", d => d.Replace("X-Amz-Date", SignedDraft.DateOf(Now.AddYears(-10))), Nothing, Invalid),
                ("the scope of another day", Nothing, Swaps($"/{date[..8]}/", $"/{SignedDraft.DateOf(Now.AddDays(-1))[..8]}/"), Invalid),
            ]);
    }

    [Fact]
    public async Task A_credential_scope_has_five_parts()
    {
        (AwsSigner signer, HttpClient client) = await StartAsync();
        using HttpClient _ = client;
        string day = $"/{SignedDraft.DateOf(Now)[..8]}/";
        await AreRefusedAsync(
            signer,
            client,
            [
                ("another service", Nothing, Swaps("/kms/", "/s3/"), Invalid),
                ("a service in capitals", Nothing, Swaps("/kms/", "/KMS/"), Incomplete),
                ("another end", Nothing, Swaps("/aws4_request", "/aws5_request"), Incomplete),
                ("an end in capitals", Nothing, Swaps("/aws4_request", "/AWS4_REQUEST"), Incomplete),
                ("no end", Nothing, Swaps("/aws4_request", ""), Incomplete),
                ("more after the end", Nothing, Swaps("/aws4_request", "/aws4_request/x"), Incomplete),
                ("a day of seven digits", Nothing, Swaps(day, $"{day[..8]}/"), Incomplete),
                ("a day with dashes", Nothing, Swaps(day, "/2026-11-27/"), Incomplete),
                ("no day", Nothing, Swaps(day, "/"), Incomplete),
                ("another region than that of the key", Nothing, Swaps("/eu-west-1/", "/eu-west-2/"), Invalid),
                ("a region in capitals", Nothing, Swaps("/eu-west-1/", "/EU-WEST-1/"), Incomplete),
                ("a region with other signs", Nothing, Swaps("/eu-west-1/", "/eu_west_1/"), Incomplete),
                ("a region of another alphabet", Nothing, Swaps("/eu-west-1/", "/\u0435u-west-1/"), Incomplete),
                ("no region", Nothing, Swaps("/eu-west-1/", "//"), Incomplete),
                ("a region that is too long", Nothing, Swaps("/eu-west-1/", $"/{new string('x', 65)}/"), Incomplete),
                ("no access key", Nothing, Swaps(signer.AccessKeyId, ""), Incomplete),
                ("an access key that is too long", Nothing, Swaps(signer.AccessKeyId, new string('A', 129)), Incomplete),
                ("an access key with a slash", Nothing, Swaps(signer.AccessKeyId, "AKIA/A"), Incomplete),
                ("an access key in small letters", Nothing, Swaps(signer.AccessKeyId, signer.AccessKeyId.ToLowerInvariant()), Unknown),
                ("an access key that was made up", Nothing, Swaps(signer.AccessKeyId, "AKIAAAAAAAAAAAAAAAAA"), Unknown),
            ]);
    }

    [Fact]
    public async Task An_authorization_header_has_one_form()
    {
        (AwsSigner signer, HttpClient client) = await StartAsync();
        using HttpClient _ = client;
        const string names = "SignedHeaders=content-type;host;x-amz-date;x-amz-target";
        await AreRefusedAsync(
            signer,
            client,
            [
                .. _ofOtherSchemes.Select(one => (one, (Change)Nothing, (Change)(d => d.Authorization = one), Incomplete)),
                ("SigV4a", Nothing, Swaps("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), Incomplete),
                ("an algorithm in small letters", Nothing, Swaps("AWS4-HMAC-SHA256", "aws4-hmac-sha256"), Incomplete),
                ("another algorithm", Nothing, Swaps("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), Incomplete),
                ("names that are not sorted", Nothing, Swaps("content-type;host", "host;content-type"), Incomplete),
                ("a name twice", Nothing, Swaps("host;", "host;host;"), Incomplete),
                ("names in capitals", Nothing, Swaps("content-type;host", "Content-Type;Host"), Incomplete),
                ("names with spaces", Nothing, Swaps("content-type;host", "content-type; host"), Incomplete),
                ("names with commas", Nothing, Swaps("content-type;host", "content-type,host"), Incomplete),
                ("an empty name at the end", Nothing, Swaps("x-amz-target,", "x-amz-target;,"), Incomplete),
                ("no names", Nothing, Swaps(names, "SignedHeaders="), Incomplete),
                ("a part twice", Nothing, Swaps("SignedHeaders=", "Credential=x, SignedHeaders="), Incomplete),
                ("parts in another order", Nothing, d => d.Authorization = Reordered(d.Authorization), Incomplete),
                ("no signature", Nothing, Signature(_ => ""), Incomplete),
                ("a signature that is too short", Nothing, Signature(signature => signature[..^1]), Incomplete),
                ("a signature that is too long", Nothing, Signature(signature => $"{signature}0"), Incomplete),
                ("a signature in capitals", Nothing, Signature(signature => signature.ToUpperInvariant()), Incomplete),
                ("a signature that is no hex", Nothing, Signature(signature => $"{signature[..^1]}g"), Incomplete),
                ("a signature of zeros", Nothing, Signature(_ => new string('0', 64)), Invalid),
                ("more after the signature", Nothing, Signature(signature => $"{signature}, Extra=x"), Incomplete),
                ("a header that is too long", Nothing, Swaps(", ", $",{new string(' ', 2000)}"), Incomplete),
                ("two headers", Nothing, d => d.Authorizations.Add(d.Authorization), Incomplete),
                ("two targets", d => d.Add("X-Amz-Target", "TrentService.GenerateRandom"), Nothing, NoOperation),
                ("no header", Nothing, d => d.Authorizations.Clear(), "MissingAuthenticationTokenException"),
            ]);
    }

    [Fact]
    public async Task Sessions_presigned_requests_and_queries_are_refused()
    {
        (AwsSigner signer, HttpClient client) = await StartAsync();
        using HttpClient _ = client;
        await AreRefusedAsync(
            signer,
            client,
            [
                ("a session token", d => d.Add("X-Amz-Security-Token", "of a session"), Nothing, Unknown),
                ("an empty session token", d => d.Add("X-Amz-Security-Token", ""), Nothing, Unknown),
                (
                    "a presigned request",
                    Nothing,
                    d =>
                    {
                        d.Authorizations.Clear();
                        d.Target = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Signature=x";
                    },
                    Incomplete),
                ("a presigned request that is signed as well", Nothing, d => d.Target = "/?X-Amz-Signature=x", Incomplete),
                ("a query", Nothing, d => d.Target = "/?Action=GenerateRandom", Incomplete),
                ("an empty query", Nothing, d => d.Target = "/?", Incomplete),
                ("an escaped path", Nothing, d => d.Target = "/%2e", Incomplete),
            ]);
    }

    /// <summary>Header bytes that are no UTF-8 never reach the check: the server refuses the request as malformed.</summary>
    [Fact]
    public async Task Bytes_that_are_no_text_are_malformed()
    {
        (AwsSigner signer, HttpClient client) = await StartAsync();
        using HttpClient _ = client;
        SignedDraft draft = new(signer, client.BaseAddress!.Authority, Now);
        draft.Add("X-Amz-Meta", "@");
        draft.Sign();
        byte[] bytes = draft.ToBytes();
        bytes[bytes.AsSpan().IndexOf("X-Amz-Meta: @"u8) + 12] = 0xFC;
        using RawConnection connection = await RawConnection.OpenAsync(client.BaseAddress!);

        await connection.SendAsync(bytes);

        (await connection.ReadAsync()).Status.Should().Be(HttpStatusCode.BadRequest);
    }

    private static void Nothing(SignedDraft draft)
    {
    }

    private static Change Swaps(string what, string with) => draft =>
    {
        draft.Authorization.Should().Contain(what);
        draft.Authorization = draft.Authorization.Replace(what, with, StringComparison.Ordinal);
    };

    private static Change Signature(Func<string, string> change) => draft =>
        draft.Authorization = $"{draft.Authorization[..^64]}{change(draft.Authorization[^64..])}";

    private static void Rename(SignedDraft draft, string name, string to)
    {
        string value = draft.ValueOf(name);
        draft.Remove(name);
        draft.Add(to, value);
    }

    private static string Reordered(string authorization)
    {
        string[] parts = authorization["AWS4-HMAC-SHA256 ".Length..].Split(", ");
        return $"AWS4-HMAC-SHA256 {parts[1]}, {parts[0]}, {parts[2]}";
    }

    private static async Task AreRefusedAsync(
        AwsSigner signer, HttpClient client, IEnumerable<(string What, Change Before, Change After, string Exception)> cases)
    {
        foreach ((string what, Change before, Change after, string exception) in cases)
        {
            Answer answer = await SendAsync(signer, client, before, after);

            answer.Status.Should().Be(HttpStatusCode.BadRequest, $"{what}: {answer.Body}");
            answer.ShouldBeException((string?)answer.Json["__type"] == exception ? exception : $"{exception} for {what}");
        }

        // It was none of the above that the service refuses whatever comes.
        (await SendAsync(signer, client, Nothing, Nothing)).Status.Should().Be(HttpStatusCode.OK);
    }

    private static async Task<Answer> SendAsync(AwsSigner signer, HttpClient client, Change before, Change after)
    {
        SignedDraft draft = new(signer, client.BaseAddress!.Authority, TimeProvider.System.GetUtcNow());
        before(draft);
        draft.Sign();
        after(draft);
        using RawConnection connection = await RawConnection.OpenAsync(client.BaseAddress!);
        await connection.SendAsync(draft.ToBytes());
        return await connection.ReadAsync();
    }

    private async Task<(AwsSigner Signer, HttpClient Client)> StartAsync()
    {
        HttpClient client = App.StartOnKestrel();
        return (await client.CreateAccessKeyAsync(), client);
    }
}
