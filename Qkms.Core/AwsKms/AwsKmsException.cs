namespace Qkms.Core.AwsKms;

/// <summary>
/// The other KMS, its access key or the name of its key cannot be used: one line that says what is wrong and how to repair it. Never the
/// secret access key, never a key, and no text of the other side's.
/// </summary>
internal sealed class AwsKmsException : Exception
{
    /// <summary>A reason that a person can act on.</summary>
    /// <param name="message">The line.</param>
    /// <param name="type">The name of AWS's exception; null where the other KMS did not answer with one.</param>
    public AwsKmsException(string message, string? type = null)
        : base(message) => Type = type;

    /// <summary>The name of AWS's exception; null where the other KMS did not answer with one.</summary>
    public string? Type { get; }

    /// <summary>Whether it says that the ciphertext was changed, or is another key's.</summary>
    public bool IsOfCiphertext => Type is "InvalidCiphertextException" or "IncorrectKeyException";
}
