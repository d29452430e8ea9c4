using System.Text;

namespace Qkms.Core.AwsKms;

/// <summary>An access key, which signs requests to another KMS.</summary>
/// <param name="id">Its id, which is no secret.</param>
/// <param name="secret">The secret access key, which ends with this object.</param>
internal sealed class AwsAccessKey(string id, SecretBytes secret) : IDisposable
{
    /// <summary>The longest file that is read, in bytes.</summary>
    public const int MaxFileLength = 4096;

    private const int MaxIdLength = 128;

    /// <summary>Longest secret access key, in bytes.</summary>
    public const int MaxSecretLength = 256;

    /// <summary>Its id.</summary>
    public string Id => id;

    /// <summary>The secret access key in UTF-8.</summary>
    public SecretBytes Secret => secret;

    /// <summary>
    /// Reads a file in the form of AWS's credentials file with one profile: lines with <c>aws_access_key_id</c> and
    /// <c>aws_secret_access_key</c>, one name of a profile in brackets or none, and comments.
    /// </summary>
    /// <param name="text">What is in the file.</param>
    /// <returns>The access key, which ends with the caller.</returns>
    /// <exception cref="AwsKmsException">It is not of this form; the message is the end of a sentence, and repeats nothing of
    /// it.</exception>
    public static AwsAccessKey Parse(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> id = default;
        ReadOnlySpan<byte> secret = default;
        bool hasProfile = false;
        while (text.Length > 0)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = Trim(end < 0 ? text : text[..end]);
            text = end < 0 ? default : text[(end + 1)..];
            if (line.Length == 0 || line[0] is (byte)'#' or (byte)';')
                continue;

            if (line[0] == (byte)'[')
            {
                if (hasProfile)
                    throw new AwsKmsException("has more than one profile");

                hasProfile = true;
                continue;
            }

            int sign = line.IndexOf((byte)'=');
            ReadOnlySpan<byte> name = sign < 0 ? default : Trim(line[..sign]);
            ReadOnlySpan<byte> value = sign < 0 ? default : Trim(line[(sign + 1)..]);
            if (name.SequenceEqual("aws_access_key_id"u8) && id.Length == 0)
                id = value;
            else if (name.SequenceEqual("aws_secret_access_key"u8) && secret.Length == 0)
                secret = value;
            else if (name.SequenceEqual("aws_session_token"u8))
                throw new AwsKmsException("has a session token, which would have expired by the next start");
            else
                throw new AwsKmsException("has a line that is neither aws_access_key_id nor aws_secret_access_key, each once");
        }

        if (id.Length is 0 or > MaxIdLength || !IsWord(id))
            throw new AwsKmsException("names no aws_access_key_id of letters and digits");

        return secret.Length is > 0 and <= MaxSecretLength && !secret.ContainsAnyExceptInRange((byte)'!', (byte)'~')
            ? new AwsAccessKey(Encoding.ASCII.GetString(id), SecretBytes.CopyOf(secret))
            : throw new AwsKmsException($"has no aws_secret_access_key of 1 to {MaxSecretLength} visible characters");
    }

    /// <summary>Zeroes the secret.</summary>
    public void Dispose() => secret.Dispose();

    /// <summary>The id, never the secret.</summary>
    public override string ToString() => $"AwsAccessKey({id})";

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t\r"u8);

    private static bool IsWord(ReadOnlySpan<byte> text)
    {
        foreach (byte one in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)one))
                return false;
        }

        return true;
    }
}
