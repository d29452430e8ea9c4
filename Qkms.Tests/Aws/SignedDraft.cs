using System.Globalization;
using System.Text.RegularExpressions;

namespace Qkms.Tests.Aws;

/// <summary>A request on its way to be signed, whose every byte a test can choose: before it is signed, and after.</summary>
internal sealed partial class SignedDraft
{
    private const string Media = "application/x-amz-json-1.1";

    private readonly AwsSigner _signer;

    public SignedDraft(AwsSigner signer, string host, DateTimeOffset now)
    {
        _signer = signer;
        Headers =
        [
            new("Host", host),
            new("Content-Type", Media),
            new("X-Amz-Date", DateOf(now)),
            new("X-Amz-Target", "TrentService.GenerateRandom"),
        ];
    }

    /// <summary>The header lines but for Authorization and the framing, in the order in which they are sent.</summary>
    public List<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The names of what is signed; all headers unless a test says otherwise.</summary>
    public string? SignedHeaders { get; set; }

    /// <summary>The values of the Authorization headers, one a line; set by <see cref="Sign"/>.</summary>
    public List<string> Authorizations { get; } = [];

    public string Target { get; set; } = "/";

    public string Body { get; set; } = """{"NumberOfBytes":8}""";

    /// <summary>Whether the body goes out in chunks, without a length.</summary>
    public bool IsChunked { get; set; }

    /// <summary>The one Authorization header, which a test changes after it was made.</summary>
    public string Authorization
    {
        get => Authorizations.Single();
        set
        {
            Authorizations.Clear();
            Authorizations.Add(value);
        }
    }

    public static string DateOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    public static string HashOf(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));

    public void Add(string name, string value) => Headers.Add(new(name, value));

    public void Remove(string name) => Headers.RemoveAll(header => Is(header, name));

    public void Replace(string name, string value)
    {
        int at = Headers.FindIndex(header => Is(header, name));
        Headers[at] = new(Headers[at].Key, value);
    }

    public string ValueOf(string name) => Headers.First(header => Is(header, name)).Value;

    /// <summary>Signs what is there, as a client reads AWS's rules: values trimmed, one space for several, the same name joined.</summary>
    public void Sign() => Authorization = _signer.Authorize(
        Canonical,
        SignedHeaders ?? string.Join(';', Headers.Select(header => header.Key.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal)),
        Body,
        ValueOf("x-amz-date"));

    /// <summary>The bytes of the request.</summary>
    public byte[] ToBytes()
    {
        byte[] body = Encoding.UTF8.GetBytes(Body);
        string length = body.Length.ToString(IsChunked ? "x" : "d", CultureInfo.InvariantCulture);
        StringBuilder head = new($"POST {Target} HTTP/1.1\r\n");
        foreach ((string name, string value) in Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");

        foreach (string authorization in Authorizations)
            head.Append(CultureInfo.InvariantCulture, $"Authorization: {authorization}\r\n");

        head.Append(IsChunked ? $"Transfer-Encoding: chunked\r\n\r\n{length}\r\n" : $"Content-Length: {length}\r\n\r\n");
        return [.. Encoding.UTF8.GetBytes(head.ToString()), .. body, .. IsChunked ? "\r\n0\r\n\r\n"u8 : []];
    }

    private static bool Is(KeyValuePair<string, string> header, string name) =>
        string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase);

    private string Canonical(string name) =>
        string.Join(',', Headers.Where(header => Is(header, name)).Select(header => Spaces().Replace(header.Value.Trim(' ', '\t'), " ")));

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
