namespace Qkms.Core.ApiKeys;

/// <summary>A request that was signed by AWS Signature Version 4, as far as it concerns the access key.</summary>
/// <param name="AccessKeyId">The access key that is said to have signed it.</param>
/// <param name="Date">The day of the credential scope: eight digits.</param>
/// <param name="Region">The region of the credential scope, at most 64 characters.</param>
/// <param name="StringToSign">What was signed, UTF-8.</param>
/// <param name="Signature">The signature, 32 bytes.</param>
internal sealed record SignedRequest(string AccessKeyId, string Date, string Region, byte[] StringToSign, byte[] Signature);
