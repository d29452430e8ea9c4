using System.Text.RegularExpressions;
using Qkms.Core.Idempotency;
using Qkms.Core.Sealing;

namespace Qkms.Tests.Idempotency;

/// <summary>
/// The answer to a repeated request is made from what the database keeps: it depends on no process, on no later change and on no clock.
/// </summary>
public sealed partial class RepeatAfterRestartTests
{
    private const string Generate = "/kms/keys/generate";
    private const string Retire = "/kms/keys/retire";

    // each of the six, with a public key of either kind and with none.
    [Theory]
    [InlineData("Kyber768")]
    [InlineData("RSA-2048")]
    [InlineData("AES-256")]
    public async Task Every_answer_comes_again_byte_for_byte(string algorithm)
    {
        using TemporaryDirectory directory = new();
        List<(HttpMethod Method, string Path, string? Body, Answer Answer)> done = [];
        await using (QkmsApplication before = new(directory.Path))
        {
            using HttpClient client = before.Client();
            string key = $$"""{"algorithm":"{{algorithm}}"}""";
            string retire = $$"""{"algorithm":"{{algorithm}}","key_version":2,"allow_no_active":true}""";
            string first = (await OnceAsync(client, HttpMethod.Post, Generate, key, HttpStatusCode.Created)).Text("kid");
            string second = (await OnceAsync(client, HttpMethod.Post, "/kms/keys/rotate", key, HttpStatusCode.Created)).Text("kid");
            await OnceAsync(client, HttpMethod.Post, Retire, retire, HttpStatusCode.OK);
            await OnceAsync(client, HttpMethod.Post, $"/kms/keys/{first}/actions/revoke", null, HttpStatusCode.NoContent);
            await OnceAsync(client, HttpMethod.Delete, $"/kms/keys/{second}", """{"waiting_days":9}""", HttpStatusCode.Accepted);
            await OnceAsync(client, HttpMethod.Post, $"/kms/keys/{second}/actions/cancel-deletion", null, HttpStatusCode.OK);
            (await client.RevokeAsync(second)).ShouldBe(HttpStatusCode.NoContent);
        }

        await using QkmsApplication after = new(directory.Path);
        using HttpClient repeating = after.Client();
        after.Time.Pass(TimeSpan.FromHours(23));
        done.Should().HaveCount(6);
        foreach ((HttpMethod method, string path, string? body, Answer first) in done)
        {
            Answer again = await repeating.SendOnceAsync(path, method, path, body);

            again.Status.Should().Be(first.Status, again.Body);
            again.Headers["Idempotency-Replayed"].Should().Be("true");
            again.Headers.GetValueOrDefault("Location").Should().Be(first.Headers.GetValueOrDefault("Location"));
            Lasting(again.Body).Should().Be(Lasting(first.Body), path);
            again.Headers["X-Request-ID"].Should().NotBe(first.Headers["X-Request-ID"]);
        }

        async Task<Answer> OnceAsync(HttpClient client, HttpMethod method, string path, string? body, HttpStatusCode status)
        {
            Answer answer = (await client.SendOnceAsync(path, method, path, body)).ShouldBe(status);
            answer.Headers.Should().NotContainKey("Idempotency-Replayed");
            done.Add((method, path, body, answer));
            return answer;
        }
    }

    // The status depends on the clock too, and a repeated answer shows that of the first time.
    [Fact]
    public async Task What_has_expired_since_was_not_expired_then()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string body = """{"algorithm":"ML-KEM-768","key_version":1,"allow_no_active":true}""";
        string kid = (await client.GenerateAsync()).Text("kid");
        await app.RewriteAsync(kid, version => version with { ExpiresAt = app.Time.GetUtcMilliseconds().AddHours(1) });
        Answer first = (await client.PostOnceAsync("a", Retire, body)).ShouldBe(HttpStatusCode.OK);

        app.Time.Pass(TimeSpan.FromHours(2));
        Answer again = await client.PostOnceAsync("a", Retire, body);

        first.Text("status").Should().Be("retired");
        Lasting(again.Body).Should().Be(Lasting(first.Body));
        (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("expired");
    }

    // As a newer node beside this one would write it: it is authentic, so that nobody is alarmed.
    [Fact]
    public async Task A_record_of_a_format_that_is_not_known_is_refused_and_the_log_says_why()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        await client.PostOnceAsync("a", Generate, """{"algorithm":"ML-KEM-768"}""");
        await RewriteRecordAsync(app, "a", record => [9, .. record[1..]]);

        Answer again = await client.PostOnceAsync("a", Generate, """{"algorithm":"ML-KEM-768"}""");

        again.ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        app.Log.Lines.Should().ContainMatch("Error *A kept result has the format 9, which this version of Qkms does not know.*");
        app.Log.Lines.Should().NotContain(line => line.StartsWith("Critical ", StringComparison.Ordinal));
        (await client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(1);
    }

    private static async Task RewriteRecordAsync(QkmsApplication app, string key, Func<byte[], byte[]> change)
    {
        TenantId tenant = await app.FirstTenantAsync();
        KeptResult kept = (await app.Store().ReadAsync(
            session => Repositories.KeptResults.FindAsync(session, tenant, key, app.Time.GetUtcMilliseconds()), CancellationToken.None))!;
        using WrappingKey tenantKey = await app.Services.GetRequiredService<TenantKeys>().OpenAsync(tenant, CancellationToken.None);
        using SecretBytes record = KeptResultWrap.Open(tenantKey, kept);
        KeptResult changed = KeptResultWrap.Protect(
            tenantKey, tenant, new RepeatableRequest(key, kept.Fingerprint), change(record.Span.ToArray()), kept.CreatedAt);
        using (Database database = app.OpenDatabase())
        {
            database.Execute("DELETE FROM idempotency").Should().Be(1);
        }

        bool inserted = await app.Store().WriteAsync(
            session => Repositories.KeptResults.InsertAsync(session, changed), CancellationToken.None);
        inserted.Should().BeTrue();
    }

    /// <summary>A body without the id and the time of its request.</summary>
    private static string Lasting(string body) => OfTheRequest().Replace(body, "");

    [GeneratedRegex("\"(request_id|timestamp)\":\"[^\"]*\"")]
    private static partial Regex OfTheRequest();
}
