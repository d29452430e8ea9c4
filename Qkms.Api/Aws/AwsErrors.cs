using System.Collections.Frozen;

namespace Qkms.Api.Aws;

/// <summary>
/// The exceptions of AWS KMS: the refusals that only this protocol has, and the names of all others. Names and statuses are those of the
/// AWS KMS API reference, "Errors" of each operation and "Common Errors".
/// </summary>
internal static class AwsErrors
{
    public static readonly KmsError UnknownOperation = new(
        "UnknownOperationException", KmsErrorKind.Invalid, "There is no such operation.");

    public static readonly KmsError Unsupported = new(
        "UnsupportedOperationException", KmsErrorKind.Invalid, "This parameter or operation is not supported.");

    public static readonly KmsError Unreadable = new("SerializationException", KmsErrorKind.Invalid, "The body is not valid JSON.");
    public static readonly KmsError InvalidCiphertext = new(
        "InvalidCiphertextException", KmsErrorKind.Invalid, "The ciphertext is not valid.");

    public static readonly KmsError IncorrectKey = new(
        "IncorrectKeyException", KmsErrorKind.Invalid, "The ciphertext was made with another key.");

    public static readonly KmsError InvalidArn = new("InvalidArnException", KmsErrorKind.Invalid, "This is no ARN of a key.");
    public static readonly KmsError InvalidState = new(
        "KMSInvalidStateException", KmsErrorKind.Conflict, "The state of the key does not allow this.");

    public static readonly KmsError InvalidSignature = new(
        "KMSInvalidSignatureException", KmsErrorKind.Invalid, "The signature is not valid.");

    public static readonly KmsError InvalidMac = new("KMSInvalidMacException", KmsErrorKind.Invalid, "The MAC is not valid.");

    public static readonly KmsError AlreadyExists = new(
        "AlreadyExistsException", KmsErrorKind.Conflict, "There is one of this name already.");

    public static readonly KmsError NotAuthorized = new("NotAuthorizedException", KmsErrorKind.Invalid, "This name is reserved.");
    public static readonly KmsError InvalidTag = new("TagException", KmsErrorKind.Invalid, "A tag is not valid.");
    public static readonly KmsError InvalidMarker = new(
        "InvalidMarkerException", KmsErrorKind.Invalid, "The marker does not come from this list.");

    public static readonly KmsError DryRun = new(
        "DryRunOperationException", KmsErrorKind.Conflict, "The request would have succeeded, but the DryRun parameter is set.");

    private static readonly FrozenDictionary<KmsError, string> _names = new Dictionary<KmsError, string>
    {
        [KmsErrors.NotPermitted] = "AccessDeniedException",
        [KmsErrors.TenantSuspended] = "AccessDeniedException",
        [KmsErrors.QuotaExceeded] = "LimitExceededException",
        [KmsErrors.TooManyGenerations] = "LimitExceededException",
        [KmsErrors.KeyDisabled] = "DisabledException",
        [KmsErrors.WrongOperation] = "InvalidKeyUsageException",
        [KmsErrors.DecryptionFailed] = "InvalidCiphertextException",
        [KmsErrors.ActiveKeyExists] = "AlreadyExistsException",
        [HttpErrors.UnsupportedMediaType] = "UnknownOperationException",
    }.ToFrozenDictionary();

    /// <summary>The name of the exception that stands for a refusal.</summary>
    public static string NameOf(KmsError error) =>
        error.Code.EndsWith("Exception", StringComparison.Ordinal) ? error.Code
        : _names.TryGetValue(error, out string? name) ? name
        : error.Kind switch
        {
            KmsErrorKind.NotFound => "NotFoundException",
            KmsErrorKind.Conflict => "KMSInvalidStateException",
            KmsErrorKind.RateLimited => "ThrottlingException",
            KmsErrorKind.Forbidden => "AccessDeniedException",
            KmsErrorKind.Unavailable => "KeyUnavailableException",
            KmsErrorKind.Internal => "KMSInternalException",
            KmsErrorKind.Unauthenticated => "UnrecognizedClientException",
            _ => "ValidationException",
        };

    /// <summary>400, or 500 for the faults of the service.</summary>
    public static int StatusOf(KmsError error) => error.Kind is KmsErrorKind.Unavailable or KmsErrorKind.Internal
        ? StatusCodes.Status500InternalServerError
        : StatusCodes.Status400BadRequest;
}
