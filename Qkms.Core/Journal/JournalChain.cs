using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.Journal;

/// <summary>
/// The form of an event in a stream, docs/journal.md: canonical bytes of format 3, the leaf hash of RFC 6962, 2.1, and
/// HMAC-SHA-256 (RFC 2104) over it.
/// </summary>
/// <param name="stream">The stream as it is before the events that are added.</param>
/// <param name="key">The journal key.</param>
internal sealed class JournalChain(JournalStream stream, WrappingKey key)
{
    /// <summary>The first byte of the canonical bytes. 1 and 2 are those of events outside a stream, of earlier builds.</summary>
    public const byte Format = 3;

    /// <summary>Length of hashes and HMACs, in bytes.</summary>
    public const int HashSize = SHA256.HashSizeInBytes;

    private const byte LeafPrefix = 0x00;
    private const int MostOnStack = 2048;

    private readonly CanonicalWriter _writer = new(Format);

    /// <summary>The stream as it is with what was added.</summary>
    public JournalStream Stream { get; private set; } = stream;

    /// <summary>Adds an event.</summary>
    public ChainedEvent Add(JournalEvent happened)
    {
        byte[] previous = Stream.HeadHash;
        long position = Stream.NextPosition;
        WriteCanonical(_writer, Stream, position, previous, happened);
        byte[] leaf = LeafHash(_writer.Written);
        Stream = Stream with { NextPosition = position + 1, HeadHash = leaf };
        return new ChainedEvent(happened, Stream.Number, position, previous, leaf, Mac(key, leaf), key.Id);
    }

    /// <summary>Writes the canonical bytes of an event at its place.</summary>
    public static void WriteCanonical(
        CanonicalWriter writer, JournalStream stream, long position, byte[] previousHash, JournalEvent happened) => writer
        .Restart(Format)
        .Add(stream.InstallationId).Add(happened.TenantId.Value).Add((long)stream.Number).Add(position).Add(previousHash)
        .Add(happened.Id).Add(happened.Time).Add(happened.Action).Add(happened.ActorKind).Add(happened.ActorId)
        .Add(happened.KeyId?.Value).Add(happened.Kid?.Value).Add((long?)happened.KeyVersion)
        .Add(happened.From).Add(happened.To).Add(happened.Reason).Add(happened.RequestId).Add(happened.ServerRequestId)
        .Add(happened.RowSeal).Add(happened.KeySeal);

    /// <summary>SHA-256 of 0x00 ‖ canonical bytes.</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> canonicalBytes)
    {
        int length = 1 + canonicalBytes.Length;
        Span<byte> leaf = length <= MostOnStack ? stackalloc byte[length] : new byte[length];
        leaf[0] = LeafPrefix;
        canonicalBytes.CopyTo(leaf[1..]);
        return SHA256.HashData(leaf);
    }

    /// <summary>The leaf hash that a stored event should have in its stream.</summary>
    public static byte[] LeafHash(CanonicalWriter writer, JournalStream stream, StoredEvent stored)
    {
        WriteCanonical(writer, stream, stored.Chained.Position, stored.Chained.PreviousHash, stored.Event);
        return LeafHash(writer.Written);
    }

    /// <summary>Whether somebody with a journal key wrote a stored event.</summary>
    /// <param name="stored">The event.</param>
    /// <param name="leafHash">The leaf hash that it should have.</param>
    /// <param name="findKey">Finds a journal key by its id.</param>
    public static bool Holds(StoredEvent stored, byte[] leafHash, Func<Guid, WrappingKey?> findKey) =>
        !stored.IsDamaged
        && stored.Canonical.Length == 0
        && stored.Chained.LeafHash.AsSpan().SequenceEqual(leafHash)
        && findKey(stored.Chained.MacKeyId) is { } key
        && CryptographicOperations.FixedTimeEquals(Mac(key, leafHash), stored.Chained.Mac);

    /// <summary>HMAC-SHA-256 under the key over format ‖ id of the key (16, big-endian) ‖ leaf hash.</summary>
    public static byte[] Mac(WrappingKey key, ReadOnlySpan<byte> leafHash)
    {
        Span<byte> message = stackalloc byte[1 + 16 + HashSize];
        message[0] = Format;
        key.Id.TryWriteBytes(message[1..17], bigEndian: true, out _);
        leafHash.CopyTo(message[17..]);
        return HMACSHA256.HashData(key.Secret.Span, message);
    }
}

/// <summary>An event at its place in a stream.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Stream">The number of the stream.</param>
/// <param name="Position">Its position there, from 0.</param>
/// <param name="PreviousHash">The leaf hash of the event before it; 32 zero bytes for the first.</param>
/// <param name="LeafHash">The leaf hash of its canonical bytes.</param>
/// <param name="Mac">The HMAC over that.</param>
/// <param name="MacKeyId">The journal key of that.</param>
internal sealed record ChainedEvent(
    JournalEvent Event, int Stream, long Position, byte[] PreviousHash, byte[] LeafHash, byte[] Mac, Guid MacKeyId);
