using Qkms.Tests.ApiKeys;

namespace Qkms.Tests.Aws;

/// <summary>What clients of AWS KMS do, in one line each.</summary>
internal static class AwsVerbs
{
    /// <summary>Makes an access key; further members of the request are those of an anonymous object.</summary>
    public static async Task<AwsSigner> CreateAccessKeyAsync(this HttpClient client, object? extra = null)
    {
        object members = new { label = "aws", roles = ApiKeyVerbs.Words("admin"), kind = "sigv4" };
        Answer made = (await client.UseAsync("/api-keys", members, extra)).ShouldBe(HttpStatusCode.Created);
        return new AwsSigner(made.Text("lookup_id"), made.Text("secret_access_key"));
    }

    /// <summary>Asks for an operation.</summary>
    public static async Task<Answer> CallAsync(
        this HttpClient client,
        AwsSigner signer,
        string operation,
        object body,
        Action<HttpRequestMessage>? change = null,
        DateTimeOffset? at = null,
        bool declaresHash = false)
    {
        string text = body as string ?? System.Text.Json.JsonSerializer.Serialize(body);
        using HttpRequestMessage request = signer.Request(operation, text, at ?? TimeProvider.System.GetUtcNow(), declaresHash);
        change?.Invoke(request);
        return await client.SendForAnswerAsync(request);
    }

    /// <summary>Asserts an exception of AWS.</summary>
    public static Answer ShouldBeException(this Answer answer, string type, int status = 400)
    {
        ((int)answer.Status).Should().Be(status, answer.Body);
        answer.Headers["Content-Type"].Should().Be("application/x-amz-json-1.1");
        answer.Headers.Should().ContainKey("x-amzn-RequestId");
        answer.Json.AsObject().Select(member => member.Key).Should().Equal("__type", "message");
        ((string?)answer.Json["__type"]).Should().Be(type, answer.Body);
        ((string?)answer.Json["message"]).Should().NotBeNullOrEmpty();
        return answer;
    }

    /// <summary>A member of a result.</summary>
    public static string Member(this Answer answer, string name) =>
        (string?)answer.ShouldBe(HttpStatusCode.OK).Json[name] ?? throw new InvalidOperationException($"no {name} in {answer.Body}");
}
