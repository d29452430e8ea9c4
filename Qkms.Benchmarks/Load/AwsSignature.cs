using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Qkms.Benchmarks.Load;

/// <summary>Signs requests as a client of AWS KMS does (AWS Signature Version 4).</summary>
/// <param name="AccessKeyId">The access key.</param>
/// <param name="Secret">Its secret.</param>
/// <param name="Host">The server, as clients name it.</param>
internal sealed record AwsSignature(string AccessKeyId, string Secret, string Host)
{
    private const string Region = "eu-west-1";
    private const string ContentType = "application/x-amz-json-1.1";

    /// <summary>The headers of a request to an operation, good for five minutes from now.</summary>
    internal IReadOnlyDictionary<string, string> HeadersOf(string operation, string body)
    {
        string date = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        SortedDictionary<string, string> headers = new(StringComparer.Ordinal)
        {
            ["content-type"] = ContentType,
            ["host"] = Host,
            ["x-amz-date"] = date,
            ["x-amz-target"] = $"TrentService.{operation}",
        };
        string names = string.Join(';', headers.Keys);
        string canonical =
            $"POST\n/\n\n{string.Concat(headers.Select(header => $"{header.Key}:{header.Value}\n"))}\n{names}\n{Hash(body)}";
        string scope = $"{date[..8]}/{Region}/kms/aws4_request";
        byte[] key = Encoding.UTF8.GetBytes($"AWS4{Secret}");
        foreach (string part in scope.Split('/'))
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));

        byte[] signature = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"AWS4-HMAC-SHA256\n{date}\n{scope}\n{Hash(canonical)}"));

        // The client writes the host by itself.
        headers.Remove("host");
        headers["Authorization"] =
            $"AWS4-HMAC-SHA256 Credential={AccessKeyId}/{scope}, SignedHeaders={names}, Signature={Convert.ToHexStringLower(signature)}";
        return headers;
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
