using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Qkms.Api.Aws;

/// <summary>
/// What AWS Signature Version 4 signs ("Create a signed AWS API request", AWS General Reference): verb, path, query, the signed headers as
/// they were received, their names, and the SHA-256 of the body.
/// </summary>
internal sealed class CanonicalRequest
{
    public const string DateHeader = "x-amz-date";
    public const string TargetHeader = "x-amz-target";
    public const string BodyHashHeader = "x-amz-content-sha256";

    private const string DateFormat = "yyyyMMdd'T'HHmmss'Z'";

    private static readonly TimeSpan _mostSkew = TimeSpan.FromMinutes(5);

    private readonly SignatureHeader _signature;
    private readonly string _path;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _headers;
    private readonly string _date;

    private CanonicalRequest(
        SignatureHeader signature, string path, IReadOnlyList<KeyValuePair<string, string>> headers, string date, string? bodyHash)
    {
        (_signature, _path, _headers, _date) = (signature, path, headers, date);
        DeclaredBodyHash = bodyHash;
    }

    /// <summary>The SHA-256 of the body in hex, where a signed header says it; else null.</summary>
    public string? DeclaredBodyHash { get; }

    /// <summary>Takes from a request what is signed. The body is not touched.</summary>
    /// <param name="target">The request target: path and query.</param>
    /// <param name="headers">The headers, by their names in any case.</param>
    /// <param name="signature">What the Authorization header says.</param>
    /// <param name="now">The time.</param>
    /// <param name="request">What is signed, or null.</param>
    /// <param name="problem">Why it cannot be checked, or null.</param>
    public static bool TryCreate(
        string target,
        IDictionary<string, StringValues> headers,
        SignatureHeader signature,
        DateTimeOffset now,
        [NotNullWhen(true)] out CanonicalRequest? request,
        [NotNullWhen(false)] out SignatureProblem? problem)
    {
        request = null;
        problem = FindProblem(target, headers, signature, now);
        if (problem is not null)
            return false;

        headers.TryGetValue(BodyHashHeader, out StringValues hash);
        string? bodyHash = hash.Count == 0 ? null : hash.ToString();
        if (bodyHash is not null && (bodyHash.Length != 64 || !bodyHash.All(char.IsAsciiHexDigitLower)))
        {
            problem = SignatureProblem.Invalid($"{BodyHashHeader} must be the SHA-256 of the body in lower-case hex.");
            return false;
        }

        KeyValuePair<string, string>[] signed =
            [.. signature.SignedHeaders.Select(name => KeyValuePair.Create(name, Canonical(headers[name])))];
        request = new CanonicalRequest(signature, target, signed, headers[DateHeader].ToString(), bodyHash);
        return true;
    }

    /// <summary>The bytes that the signature is over.</summary>
    /// <param name="bodyHash">The SHA-256 of the body in hex.</param>
    public byte[] StringToSign(string bodyHash)
    {
        StringBuilder text = new();
        text.Append("POST\n").Append(_path).Append("\n\n");
        foreach ((string name, string value) in _headers)
            text.Append(name).Append(':').Append(value).Append('\n');

        text.Append('\n').AppendJoin(';', _signature.SignedHeaders).Append('\n').Append(bodyHash);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
        return Encoding.UTF8.GetBytes($"AWS4-HMAC-SHA256\n{_date}\n{_signature.Scope}\n{hash}");
    }

    private static SignatureProblem? FindProblem(
        string target, IDictionary<string, StringValues> headers, SignatureHeader signature, DateTimeOffset now)
    {
        if (!target.StartsWith('/') || target.Contains('?', StringComparison.Ordinal) || target.Contains('%', StringComparison.Ordinal))
            return SignatureProblem.Incomplete("Requests are sent to the path of the endpoint, without a query.");

        if (headers.ContainsKey("x-amz-security-token"))
            return SignatureProblem.UnknownKey;

        foreach (string name in signature.SignedHeaders)
        {
            if (!headers.TryGetValue(name, out StringValues values) || values.Count == 0)
                return SignatureProblem.Invalid("A signed header is not in the request.");
        }

        string[] mustBeSigned =
        [
            "host", DateHeader, TargetHeader,
            .. headers.Keys.Select(name => name.ToLowerInvariant()).Where(name => name.StartsWith("x-amz-", StringComparison.Ordinal)),
        ];
        if (mustBeSigned.FirstOrDefault(name => !signature.SignedHeaders.Contains(name)) is { } unsigned)
            return SignatureProblem.Invalid($"The header '{unsigned}' must be signed.");

        if (headers[TargetHeader].Count != 1 || headers["host"].Count != 1)
            return SignatureProblem.Incomplete("'host' and 'x-amz-target' must be there once.");

        return FindProblemOfTime(headers[DateHeader], signature, now);
    }

    private static SignatureProblem? FindProblemOfTime(StringValues date, SignatureHeader signature, DateTimeOffset now)
    {
        if (date.Count != 1
            || !DateTimeOffset.TryParseExact(
                date.ToString(),
                DateFormat,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out DateTimeOffset at))
            return SignatureProblem.Incomplete("X-Amz-Date must be there once, as in 20261127T120000Z.");

        if (!date.ToString().StartsWith(signature.Date, StringComparison.Ordinal))
            return SignatureProblem.Invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.");

        if (at < now - _mostSkew)
            return SignatureProblem.Invalid($"Signature expired: {date} is now earlier than {Text(now - _mostSkew)}.");

        return at > now + _mostSkew
            ? SignatureProblem.Invalid($"Signature not yet current: {date} is still later than {Text(now + _mostSkew)}.")
            : null;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(DateFormat, CultureInfo.InvariantCulture);

    // Without space at the ends, and one space for several.
    private static string Canonical(StringValues values) => string.Join(',', values.Select(value => OneSpace(value ?? "")));

    private static string OneSpace(string value)
    {
        string trimmed = value.Trim(' ', '\t');
        if (!trimmed.Contains("  ", StringComparison.Ordinal))
            return trimmed;

        StringBuilder text = new(trimmed.Length);
        foreach (char one in trimmed)
        {
            if (one != ' ' || text[^1] != ' ')
                text.Append(one);
        }

        return text.ToString();
    }
}
