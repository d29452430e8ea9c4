using Qkms.Core.Secrets;

namespace Qkms.Api.Http;

/// <summary>
/// The secrets that are made while the body of a request is read. They end with the request, whatever becomes of it: most refusals come
/// before any request object that could own them.
/// </summary>
internal sealed class RequestSecrets : IDisposable
{
    // Converters of JSON know no request.
    private static readonly AsyncLocal<RequestSecrets?> _current = new();

    private List<SecretBytes>? _secrets;

    /// <summary>Begins to collect, for this request and what it calls.</summary>
    public static RequestSecrets Begin()
    {
        RequestSecrets secrets = new();
        _current.Value = secrets;
        return secrets;
    }

    /// <summary>Hands a secret to the request at hand; outside of one it stays with its maker.</summary>
    public static void Add(SecretBytes secret)
    {
        if (_current.Value is { } request)
            (request._secrets ??= []).Add(secret);
    }

    /// <summary>Zeroes them.</summary>
    public void Dispose()
    {
        foreach (SecretBytes secret in _secrets ?? [])
            secret.Dispose();
    }
}
