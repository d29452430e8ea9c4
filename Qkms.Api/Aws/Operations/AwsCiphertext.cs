using Qkms.Core.Algorithms;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

/// <summary>What Decrypt and ReEncrypt know of a ciphertext before the key is used.</summary>
/// <param name="Choice">The key that opens it.</param>
/// <param name="Algorithm">The encryption algorithm of that key.</param>
/// <param name="IsDataKey">Whether it is a data key in its wrapped form.</param>
internal sealed record AwsCiphertext(KeyChoice Choice, string Algorithm, bool IsDataKey)
{
    /// <summary>The longest ciphertext that is accepted, in bytes.</summary>
    public const int MaxLength = 6144;

    /// <summary>Finds the key of a ciphertext.</summary>
    /// <param name="call">Who asks.</param>
    /// <param name="ciphertext">The ciphertext.</param>
    /// <param name="keyId">The key that the request names, if it does.</param>
    /// <param name="algorithm">The algorithm that the request names, if it does.</param>
    /// <param name="requirePermission">
    /// Refuses who may not open it, by whether it is a data key. Both are kms:Decrypt at AWS; here an access key may be narrowed to one.
    /// </param>
    /// <exception cref="KmsException">
    /// An InvalidCiphertextException for what is no ciphertext, an IncorrectKeyException for one of another key, an
    /// InvalidKeyUsageException for another algorithm; a DisabledException or KMSInvalidStateException of a key that is not enabled.
    /// </exception>
    public static async ValueTask<AwsCiphertext> FindAsync(
        AwsCall call, byte[] ciphertext, string? keyId, string? algorithm, Action<bool> requirePermission)
    {
        KeyChoice? named = keyId is null ? null : await AwsKeys.FindAsync(call, keyId);
        bool isBlob = BlobV1.TryReadHeader(ciphertext, out BlobPurpose purpose, out KeyVersionId version);
        bool isSymmetric = named?.AlgorithmMeant.Family.IsSymmetric != false;
        bool isDataKey = isSymmetric && isBlob && purpose == BlobPurpose.DataKey;
        requirePermission(isDataKey);
        string own = named is { } key ? await AwsParameters.EncryptionAlgorithmOfAsync(call, key) : AwsNames.Symmetric;
        if (isSymmetric && !isBlob)
            throw AwsErrors.InvalidCiphertext.Refusal();

        if (named is null)
            await AwsKeys.RequireEnabledAsync(call, version);

        AwsParameters.RequireAlgorithm(algorithm, own);
        if (!isSymmetric)
            return new AwsCiphertext(named!.Value, own, IsDataKey: false);

        if (keyId is not null && !await AwsKeys.IsOfAsync(call, keyId, version))
            throw AwsErrors.IncorrectKey.Refusal();

        // A blob says itself which version opens it.
        return new AwsCiphertext(new KeyChoice { DefaultAlgorithm = KeyAlgorithm.Aes256 }, own, isDataKey);
    }
}
