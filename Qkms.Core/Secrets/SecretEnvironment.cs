using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Qkms.Core.Secrets;

/// <summary>Takes a secret out of the process environment, so that it does not stay readable there.</summary>
internal static unsafe class SecretEnvironment
{
    /// <summary>
    /// The value of a variable in bytes, or null when it is not set. Afterwards the variable is gone, and where the platform lets us
    /// (Linux, macOS) its bytes in the block that the process was started with, which <c>/proc/self/environ</c> shows, are zero.
    /// </summary>
    public static SecretBytes? Take(string name)
    {
        // The native environment goes first: the platform's managed one is a copy that it makes when it is first written to.
        SecretBytes? value = OperatingSystem.IsWindows() ? null : TakeNative(name);
        string? copy = Environment.GetEnvironmentVariable(name);
        if (copy is null)
            return value;

        Environment.SetEnvironmentVariable(name, null);
        return value ?? CopyOf(copy);
    }

    private static SecretBytes? TakeNative(string name)
    {
        byte* value = LibC.GetEnvironmentVariable(name);
        if (value is null)
            return null;

        Span<byte> bytes = new(value, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value).Length);
        SecretBytes secret = SecretBytes.CopyOf(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        _ = LibC.UnsetEnvironmentVariable(name);
        return secret;
    }

    private static SecretBytes CopyOf(string value)
    {
        SecretBytes secret = SecretBytes.Allocate(Encoding.UTF8.GetByteCount(value), out Span<byte> destination);
        Encoding.UTF8.GetBytes(value, destination);
        return secret;
    }
}
