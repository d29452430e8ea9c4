using System.Net;

namespace Qkms.Core.AwsKms;

/// <summary>What to do about each exception of another KMS ("Errors" of <c>Encrypt</c> and <c>Decrypt</c>, and "Common Errors").</summary>
internal static class AwsKmsRefusals
{
    /// <summary>Whether the same request may go well a moment later.</summary>
    public static bool MayPass(HttpStatusCode status, string? type) =>
        (int)status >= 500
        || status == HttpStatusCode.TooManyRequests
        || type is "ThrottlingException" or "Throttling" or "RequestLimitExceeded" or "TooManyRequestsException";

    /// <summary>The line for people.</summary>
    /// <param name="endpoint">Who answered.</param>
    /// <param name="accessKeyId">Who asked.</param>
    /// <param name="key">For which key.</param>
    /// <param name="operation">What was asked.</param>
    /// <param name="status">The status of the answer, which is not 200.</param>
    /// <param name="type">The name of the exception; null where there is none.</param>
    public static AwsKmsException For(
        AwsKmsEndpoint endpoint, string accessKeyId, AwsKmsKeyName key, string operation, HttpStatusCode status, string? type)
    {
        string who = $"The other KMS at {endpoint.Url}";
        if ((int)status is >= 300 and < 400)
            return new AwsKmsException(
                $"{who} answers with a redirect ({(int)status}), which is not followed: name its own address in "
                + $"{AwsKmsEnvironment.EndpointVariable}.");

        return type is null
            ? new AwsKmsException(
                $"{who} answers {operation} with status {(int)status} and none of AWS's exceptions: is that an endpoint of AWS KMS?")
            : new AwsKmsException($"{who} refuses {operation} with key {key}: {type}. {AdviceOn(type, status, accessKeyId)}", type);
    }

    private static string AdviceOn(string type, HttpStatusCode status, string accessKeyId) => type switch
    {
        "AccessDeniedException" => $"Allow access key {accessKeyId} to encrypt and to decrypt with this key there, and nothing else.",
        "NotFoundException" or "InvalidArnException" => "There is no such key, or none that the access key may know of: name another.",
        "DisabledException" => "The key is disabled: enable it there.",
        "KMSInvalidStateException" => "The key cannot be used in its state: where its deletion is scheduled, cancel that there.",
        "InvalidCiphertextException" or "IncorrectKeyException" => "The ciphertext was changed, or is another key's.",
        "InvalidKeyUsageException" or "ValidationException" or "UnsupportedOperationException" =>
            "The key must be a symmetric one for encryption (SYMMETRIC_DEFAULT; AES-256 in Qkms).",
        "UnrecognizedClientException" or "InvalidSignatureException" or "SignatureDoesNotMatch" or "InvalidClientTokenId"
            or "IncompleteSignatureException" or "MissingAuthenticationTokenException" or "RequestExpired" =>
            $"Access key {accessKeyId} is not taken: check its id, its secret, that it is not disabled or expired, the region in "
            + $"{AwsKmsEnvironment.RegionVariable}, and the clocks of both hosts.",
        _ when MayPass(status, type) => $"It was asked {AwsKmsClient.Tries} times: try again later.",
        _ => "See its documentation and its log.",
    };
}
