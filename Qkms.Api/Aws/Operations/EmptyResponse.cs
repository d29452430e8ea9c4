namespace Qkms.Api.Aws.Operations;

/// <summary>The response of an operation that has nothing to say.</summary>
internal sealed record EmptyResponse
{
    public static readonly EmptyResponse Instance = new();
}
