using System.Net;
using System.Text.RegularExpressions;

namespace Qkms.Core.AwsKms;

/// <summary>Where another KMS is, and the region that requests to it are signed for.</summary>
internal sealed partial record AwsKmsEndpoint
{
    private AwsKmsEndpoint(Uri url, string region) => (Url, Region) = (url, region);

    /// <summary>Its URL: https, or http on this host, and the path is the root.</summary>
    public Uri Url { get; }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>Reads what the environment says.</summary>
    /// <param name="environment">What the environment says.</param>
    /// <exception cref="AwsKmsException">There is no region, or one of them is not what it should be.</exception>
    public static AwsKmsEndpoint Of(AwsKmsEnvironment environment)
    {
        if (environment.Region is not { } region)
            throw new AwsKmsException(
                $"A key of another KMS needs {AwsKmsEnvironment.RegionVariable}: the region that requests are signed for, such as "
                + "eu-central-1. Qkms as the other KMS takes any.");

        if (!RegionForm().IsMatch(region))
            throw new AwsKmsException($"{AwsKmsEnvironment.RegionVariable} is not a region: lower-case letters, digits and dashes.");

        string text = environment.Endpoint ?? $"https://kms.{region}.amazonaws.com";
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
            || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp)
            || url.AbsolutePath != "/"
            || url.Query.Length + url.Fragment.Length + url.UserInfo.Length > 0)
            throw new AwsKmsException(
                $"{AwsKmsEnvironment.EndpointVariable} is not a URL such as https://kms.example.net, without path, query and user.");

        return url.Scheme == Uri.UriSchemeHttps || IsThisHost(url)
            ? new AwsKmsEndpoint(url, region)
            : throw new AwsKmsException(
                $"{AwsKmsEnvironment.EndpointVariable} must be https: by http the root key would cross the network in the clear. Only an "
                + "address of this host (127.0.0.1, [::1], localhost) may be http.");
    }

    private static bool IsThisHost(Uri url) =>
        url.IdnHost == "localhost" || (IPAddress.TryParse(url.IdnHost, out IPAddress? address) && IPAddress.IsLoopback(address));

    [GeneratedRegex(@"^[a-z0-9-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RegionForm();
}
