namespace Qkms.Api.Aws;

/// <summary>What this protocol knows of a request beside its caller; a feature of the request.</summary>
internal sealed class AwsRequest
{
    /// <summary>Why nobody is proven; null while nobody was looked for.</summary>
    public SignatureProblem? Problem { get; set; }

    /// <summary>The region of the credential scope: any will do, and ARNs in answers name it.</summary>
    public string Region { get; set; } = "";

    /// <summary>The twelve digits of the tenant.</summary>
    public string AccountId { get; set; } = "";

    /// <summary>The SHA-256 of the body that was signed, in hex.</summary>
    public string BodyHash { get; set; } = "";

    public static AwsRequest Of(HttpContext context)
    {
        if (context.Features.Get<AwsRequest>() is { } known)
            return known;

        AwsRequest request = new();
        context.Features.Set(request);
        return request;
    }
}
