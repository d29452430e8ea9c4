using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Qkms.Core.AwsKms;

/// <summary>
/// Signs requests by AWS Signature Version 4 ("Create a signed AWS API request", AWS General Reference): to the root, without a query. The
/// service has the other half in <c>Qkms.Api.Aws</c>, which checks what anybody may have sent.
/// </summary>
internal static class SigV4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string Ending = "aws4_request";

    /// <summary>The header that says when a request was signed.</summary>
    public const string DateHeader = "x-amz-date";

    /// <summary>A time as <see cref="DateHeader"/> says it: <c>20150830T123600Z</c>.</summary>
    public static string TextOf(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The value of the header <c>Authorization</c>.</summary>
    /// <param name="key">Signs.</param>
    /// <param name="region">The region, such as <c>eu-west-1</c>.</param>
    /// <param name="service">The service, such as <c>kms</c>.</param>
    /// <param name="method">The method, such as <c>POST</c>.</param>
    /// <param name="headers">Every header that is signed, with <see cref="DateHeader"/>; names in lower case, values as they are sent,
    /// without blanks at their ends or two in a row.</param>
    /// <param name="body">The body.</param>
    public static string Authorize(
        AwsAccessKey key,
        string region,
        string service,
        string method,
        IReadOnlyDictionary<string, string> headers,
        ReadOnlySpan<byte> body)
    {
        string date = headers[DateHeader];
        string[] names = [.. headers.Keys.Order(StringComparer.Ordinal)];
        string signedNames = string.Join(';', names);
        string lines = string.Concat(names.Select(name => $"{name}:{headers[name]}\n"));
        string canonical = $"{method}\n/\n\n{lines}\n{signedNames}\n{Hash(body)}";
        string scope = $"{date[..8]}/{region}/{service}/{Ending}";
        string text = $"{Algorithm}\n{date}\n{scope}\n{Hash(Encoding.UTF8.GetBytes(canonical))}";

        Span<byte> signingKey = stackalloc byte[HMACSHA256.HashSizeInBytes];
        try
        {
            Derive(key.Secret, [date[..8], region, service, Ending], signingKey);
            string signature = Convert.ToHexStringLower(HMACSHA256.HashData(signingKey, Encoding.UTF8.GetBytes(text)));
            return $"{Algorithm} Credential={key.Id}/{scope}, SignedHeaders={signedNames}, Signature={signature}";
        }
        finally
        {
            CryptographicOperations.ZeroMemory(signingKey);
        }
    }

    // HMAC(… HMAC(HMAC("AWS4" + secret, day), region) …): whoever has one of these keys signs for that day.
    private static void Derive(SecretBytes secret, string[] parts, Span<byte> key)
    {
        ReadOnlySpan<byte> prefix = "AWS4"u8;
        using SecretBytes first = SecretBytes.Allocate(prefix.Length + secret.Length, out Span<byte> start);
        prefix.CopyTo(start);
        secret.Span.CopyTo(start[prefix.Length..]);
        HMACSHA256.HashData(start, Encoding.UTF8.GetBytes(parts[0]), key);
        foreach (string part in parts[1..])
            HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part), key);
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
