using System.Globalization;

namespace Qkms.Tests.Aws;

/// <summary>Signs as a client does, with code of its own.</summary>
internal sealed record AwsSigner(string AccessKeyId, string Secret, string Region = "eu-west-1")
{
    /// <summary>The Authorization header of a request to the root.</summary>
    public string Authorize(Func<string, string> valueOf, string signedHeaders, string body, string date)
    {
        string headers = string.Concat(signedHeaders.Split(';').Select(name => $"{name}:{valueOf(name).Trim()}\n"));
        string canonical = $"POST\n/\n\n{headers}\n{signedHeaders}\n{Hash(body)}";
        string scope = $"{date[..8]}/{Region}/kms/aws4_request";
        string text = $"AWS4-HMAC-SHA256\n{date}\n{scope}\n{Hash(canonical)}";
        byte[] key = Encoding.UTF8.GetBytes($"AWS4{Secret}");
        foreach (string part in new[] { date[..8], Region, "kms", "aws4_request" })
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));

        string signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
        return $"AWS4-HMAC-SHA256 Credential={AccessKeyId}/{scope}, SignedHeaders={signedHeaders}, Signature={signature}";
    }

    /// <summary>A signed request.</summary>
    public HttpRequestMessage Request(string operation, string body, DateTimeOffset now, bool declaresHash = false)
    {
        HttpRequestMessage request = new(HttpMethod.Post, "/")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-amz-json-1.1");
        Dictionary<string, string> headers = new()
        {
            ["content-type"] = "application/x-amz-json-1.1",
            ["host"] = "localhost",
            ["x-amz-date"] = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture),
            ["x-amz-target"] = $"TrentService.{operation}",
        };
        if (declaresHash)
            headers["x-amz-content-sha256"] = Hash(body);

        foreach ((string name, string value) in headers.Where(header => header.Key != "content-type"))
            request.Headers.TryAddWithoutValidation(name, value);

        string signed = string.Join(';', headers.Keys.Order(StringComparer.Ordinal));
        request.Headers.TryAddWithoutValidation(
            "Authorization", Authorize(name => headers[name], signed, body, headers["x-amz-date"]));
        return request;
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
