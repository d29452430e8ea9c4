using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Qkms.Api.Auth;

/// <summary>Wipes the text of an API key when it was checked, so that a dump of the process made later does not hold it.</summary>
internal sealed class PresentedKeys(IServer server)
{
    // Texts that are no longer than this are no API keys, and may be strings that the runtime shares.
    private const int LongestForeign = 32;

    // Kestrel makes a fresh string of each such header. Another server may hand out one that somebody else still reads.
    private readonly bool _ownsHeaders = server.GetType().Assembly == typeof(KestrelServer).Assembly;

    /// <summary>Takes the key off the request, and writes zeros over its characters.</summary>
    public void Forget(HttpRequest request, string presented)
    {
        if (!_ownsHeaders || presented.Length <= LongestForeign)
            return;

        request.Headers.Remove(ApiKeyAuthenticationHandler.HeaderName);
        Span<char> characters = MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(presented.AsSpan()), presented.Length);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(characters));
    }
}
