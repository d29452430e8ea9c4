using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Qkms.Core.ApiKeys;

namespace Qkms.Api.Auth;

/// <summary>Reads the value of the <c>x-api-key</c> header: a handle from Kestrel, the text that the client sent from any other server.</summary>
internal sealed class PresentedKeys(IServer server, ApiKeyHandles handles, ApiKeyProver prover)
{
    // Never both: where clients' text arrives as it is, a client could send a handle.
    private readonly bool _asHandles = server.GetType().Assembly == typeof(KestrelServer).Assembly;

    /// <summary>The proof; null when the value does not have the shape of an API key.</summary>
    public ApiKeyProof? Read(string value) => _asHandles ? handles.Read(value) : ReadText(value);

    private ApiKeyProof? ReadText(string value)
    {
        Span<byte> key = stackalloc byte[ApiKeyProver.MaxKeyLength];
        try
        {
            return Ascii.FromUtf16(value, key, out int length) == OperationStatus.Done ? prover.Prove(key[..length]) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
