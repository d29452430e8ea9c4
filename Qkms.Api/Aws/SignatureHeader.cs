using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Qkms.Api.Aws;

/// <summary>What the <c>Authorization</c> header of AWS Signature Version 4 says.</summary>
/// <param name="AccessKeyId">The access key that is said to have signed.</param>
/// <param name="Date">The day of the credential scope, eight digits.</param>
/// <param name="Region">The region of the credential scope.</param>
/// <param name="SignedHeaders">The names of the signed headers, in lower case and sorted.</param>
/// <param name="Signature">The signature, 32 bytes.</param>
internal sealed partial record SignatureHeader(
    string AccessKeyId, string Date, string Region, IReadOnlyList<string> SignedHeaders, byte[] Signature)
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const int MaxLength = 2048;

    /// <summary>What is signed beside the name of the algorithm: <c>20261127/eu-west-1/kms/aws4_request</c>.</summary>
    public string Scope => $"{Date}/{Region}/kms/aws4_request";

    /// <summary>Reads the header.</summary>
    /// <param name="text">Its value.</param>
    /// <param name="header">What it says, or null.</param>
    /// <param name="problem">What is wrong with it, or null.</param>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out SignatureHeader? header, [NotNullWhen(false)] out SignatureProblem? problem)
    {
        header = null;
        if (text.StartsWith("AWS4-ECDSA", StringComparison.Ordinal))
        {
            problem = SignatureProblem.Incomplete("SigV4a is not supported: sign with AWS4-HMAC-SHA256.");
            return false;
        }

        Match shape = Shape().Match(text.Length <= MaxLength ? text : "");
        if (!shape.Success)
        {
            problem = SignatureProblem.Incomplete(
                $"Authorization header requires '{Algorithm} Credential=…, SignedHeaders=…, Signature=…'.");
            return false;
        }

        if (shape.Groups["service"].Value != "kms")
        {
            problem = SignatureProblem.Invalid("Credential should be scoped to correct service: 'kms'.");
            return false;
        }

        string[] names = shape.Groups["headers"].Value.Split(';');
        for (int i = 1; i < names.Length; i++)
        {
            if (string.CompareOrdinal(names[i - 1], names[i]) >= 0)
            {
                problem = SignatureProblem.Incomplete("SignedHeaders must be sorted, each name once.");
                return false;
            }
        }

        problem = null;
        header = new SignatureHeader(
            shape.Groups["id"].Value,
            shape.Groups["date"].Value,
            shape.Groups["region"].Value,
            names,
            Convert.FromHexString(shape.Groups["signature"].Value));
        return true;
    }

    [GeneratedRegex(
        "^AWS4-HMAC-SHA256 +Credential=(?<id>[A-Za-z0-9]{1,128})/(?<date>[0-9]{8})/(?<region>[a-z0-9-]{1,64})/(?<service>[a-z0-9-]{1,64})"
            + "/aws4_request *, *SignedHeaders=(?<headers>[a-z0-9-]+(;[a-z0-9-]+)*) *, *Signature=(?<signature>[0-9a-f]{64})\\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Shape();
}
