using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Unicode;

namespace Qkms.Core.Algorithms;

/// <summary>
/// A map of strings that is authenticated with a ciphertext and is not part of it: to decrypt, it has to be given again. It is not secret.
/// <code>
/// canonical = number of members (4) ‖ for each, sorted by the UTF-8 bytes of its name: length (4) ‖ name ‖ length (4) ‖ value
/// </code>
/// Integers are big-endian, text is UTF-8. No two maps give the same bytes, and the order in which members were given does not matter.
/// </summary>
internal sealed class EncryptionContext
{
    /// <summary>Most members of a context.</summary>
    public const int MaxMembers = 64;

    /// <summary>Most bytes of the canonical form.</summary>
    public const int MaxCanonicalSize = 8192;

    /// <summary>The problem of a map with more.</summary>
    public static readonly string TooManyMembers = $"must have at most {MaxMembers} members";

    private const int LengthSize = 4;

    private readonly byte[] _canonical;

    private EncryptionContext(byte[] canonical) => _canonical = canonical;

    /// <summary>The context without members, which is also the absent one: <c>00000000</c>.</summary>
    public static EncryptionContext Empty { get; } = new(new byte[LengthSize]);

    /// <summary>The bytes that get authenticated.</summary>
    public ReadOnlySpan<byte> Canonical => _canonical;

    /// <summary>Makes a context of a map from outside.</summary>
    /// <param name="members">Names and values; null is the same as none.</param>
    /// <param name="context">The context, or null when there is a problem.</param>
    /// <param name="problem">What the map must be or have, for the caller; it repeats nothing of the map. Or null.</param>
    /// <returns>Whether there is a context.</returns>
    public static bool TryCreate(
        IReadOnlyDictionary<string, string?>? members,
        [NotNullWhen(true)] out EncryptionContext? context,
        [NotNullWhen(false)] out string? problem)
    {
        context = Empty;
        problem = null;
        if (members is null || members.Count == 0)
            return true;

        problem = Encode(members, out byte[]? canonical);
        context = canonical is null ? null : new EncryptionContext(canonical);
        return problem is null;
    }

    /// <summary>The problem, or null and the canonical form.</summary>
    private static string? Encode(IReadOnlyDictionary<string, string?> members, out byte[]? canonical)
    {
        canonical = null;
        if (members.Count > MaxMembers)
            return TooManyMembers;

        List<Member> encoded = new(members.Count);
        int size = LengthSize;
        foreach ((string name, string? value) in members)
        {
            if (name.Length == 0)
                return "must not have an empty name";
            if (value is null)
                return "must have text as values";

            // A character is at least one byte: what is too long is refused before it is encoded.
            if (name.Length > MaxCanonicalSize || value.Length > MaxCanonicalSize)
                return TooLarge();
            if (!TryEncode(name, out byte[] nameBytes) || !TryEncode(value, out byte[] valueBytes))
                return "must be valid Unicode: half a surrogate pair is none";

            size += LengthSize + nameBytes.Length + LengthSize + valueBytes.Length;
            if (size > MaxCanonicalSize)
                return TooLarge();
            encoded.Add(new Member(nameBytes, valueBytes));
        }

        encoded.Sort(static (one, other) => one.Name.AsSpan().SequenceCompareTo(other.Name));
        for (int i = 1; i < encoded.Count; i++)
        {
            if (encoded[i].Name.AsSpan().SequenceEqual(encoded[i - 1].Name))
                return "must not have a name twice";
        }

        canonical = Write(encoded, size);
        return null;
    }

    private static byte[] Write(List<Member> sorted, int size)
    {
        byte[] canonical = new byte[size];
        BinaryPrimitives.WriteInt32BigEndian(canonical, sorted.Count);
        Span<byte> rest = canonical.AsSpan(LengthSize);
        foreach (Member member in sorted)
        {
            rest = WritePart(rest, member.Name);
            rest = WritePart(rest, member.Value);
        }

        return canonical;
    }

    private static Span<byte> WritePart(Span<byte> destination, byte[] part)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, part.Length);
        part.CopyTo(destination[LengthSize..]);
        return destination[(LengthSize + part.Length)..];
    }

    /// <summary>Strict UTF-8: half a surrogate pair has no UTF-8 form; written as U+FFFD, it would pass for that character.</summary>
    private static bool TryEncode(string text, out byte[] bytes)
    {
        // A UTF-16 unit is at most three bytes.
        byte[] buffer = ArrayPool<byte>.Shared.Rent(3 * text.Length);
        OperationStatus status = Utf8.FromUtf16(text, buffer, out _, out int written, replaceInvalidSequences: false);
        bytes = buffer[..written];
        ArrayPool<byte>.Shared.Return(buffer);
        return status == OperationStatus.Done;
    }

    private static string TooLarge() => $"must not be larger than {MaxCanonicalSize} bytes in its canonical form";

    private readonly record struct Member(byte[] Name, byte[] Value);
}
