namespace Qkms.Api.Aws;

/// <summary>Why a request is not signed by anybody, in the words of AWS.</summary>
/// <param name="Type">The name of the exception.</param>
/// <param name="Message">The text.</param>
internal sealed record SignatureProblem(string Type, string Message)
{
    public static readonly SignatureProblem Missing = new("MissingAuthenticationTokenException", "Missing Authentication Token");

    public static readonly SignatureProblem UnknownKey = new(
        "UnrecognizedClientException", "The security token included in the request is invalid.");

    /// <summary>One text for a wrong secret, a changed request, and an access key that is revoked or expired.</summary>
    public static readonly SignatureProblem Wrong = new(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your secret access key and signing method.");

    public static SignatureProblem Incomplete(string message) => new("IncompleteSignatureException", message);

    public static SignatureProblem Invalid(string message) => new("InvalidSignatureException", message);
}
