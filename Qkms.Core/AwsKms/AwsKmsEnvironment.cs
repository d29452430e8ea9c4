namespace Qkms.Core.AwsKms;

/// <summary>
/// What the environment says of another KMS, of which a key may open an installation. No row of a database does: whoever can write there
/// must not choose which host this process asks, nor what it signs with its access key.
/// </summary>
/// <param name="Endpoint">The URL of the other KMS; null for AWS's own of the region.</param>
/// <param name="Region">The region that requests are signed for.</param>
/// <param name="Key">The id, ARN or alias of the key there; null where a start asks no other KMS.</param>
/// <param name="CredentialsFile">The file of the access key.</param>
internal sealed record AwsKmsEnvironment(
    string? Endpoint = null, string? Region = null, string? Key = null, string? CredentialsFile = null)
{
    /// <summary>The variable with the URL.</summary>
    public const string EndpointVariable = "QKMS_AWS_KMS_ENDPOINT";

    /// <summary>The variable with the region.</summary>
    public const string RegionVariable = "QKMS_AWS_KMS_REGION";

    /// <summary>The variable with the id, ARN or alias of the key.</summary>
    public const string KeyVariable = "QKMS_AWS_KMS_KEY";

    /// <summary>The variable that names the file of the access key.</summary>
    public const string CredentialsVariable = "QKMS_AWS_KMS_CREDENTIALS_FILE";

    /// <summary>Every variable.</summary>
    public static IReadOnlyList<string> Variables { get; } = [EndpointVariable, RegionVariable, KeyVariable, CredentialsVariable];

    /// <summary>Reads the variables.</summary>
    public static AwsKmsEnvironment OfProcess() => new(
        Environment.GetEnvironmentVariable(EndpointVariable),
        Environment.GetEnvironmentVariable(RegionVariable),
        Environment.GetEnvironmentVariable(KeyVariable),
        Environment.GetEnvironmentVariable(CredentialsVariable));
}
