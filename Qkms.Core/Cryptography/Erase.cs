using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Qkms.Core.Cryptography;

/// <summary>Zeroes scratch of any element type in a way that the compiler may not leave out.</summary>
internal static class Erase
{
    [TouchesSecrets]
    internal static void Memory<T>(Span<T> secret)
        where T : unmanaged
        => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(secret));
}
