namespace Qkms.Api.Http;

/// <summary>
/// What connections and bodies may take. Each limit is a share of the memory that the process may use, in a container that of the
/// container, so that a burst is refused before it takes memory that is not there.
/// </summary>
internal sealed record HttpLimits
{
    /// <summary>
    /// What one connection buffers at most before its request is let in. Four times the longest head: what the server refuses by itself it
    /// has then mostly read, and a connection that ends with nothing unread does not take the answer away.
    /// </summary>
    public const int ConnectionBuffer = 128 * 1024;

    // Connections that buffer all they may then take half of the memory.
    private const int MemoryOfConnection = 2 * ConnectionBuffer;

    private const int FewestConnections = 64;
    private const int Megabyte = 1024 * 1024;

    /// <summary>The most connections, where there is memory for them.</summary>
    public int MaxConcurrentConnections { get; init; } = 4096;

    /// <summary>Memory for the bodies of requests under way, in MB; 0 for a quarter of the memory.</summary>
    public int BodyMemory { get; init; }

    /// <summary>The memory that the process may use, in bytes: the machine's, the container's, or what the runtime may take.</summary>
    public long AvailableMemory { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>The connections that are open at once; further ones are closed.</summary>
    public long Connections => Math.Min(MaxConcurrentConnections, Math.Max(FewestConnections, AvailableMemory / MemoryOfConnection));

    /// <summary>The bytes that requests under way take because of their bodies.</summary>
    public long BytesOfBodies => BodyMemory > 0 ? (long)BodyMemory * Megabyte : AvailableMemory / 4;
}
