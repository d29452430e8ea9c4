using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>
/// Which wrappings of the master key count, by an HMAC that only the master key can make: a wrapping that was removed, or an older set,
/// does not fit when it is put back into the database. Each change raises the epoch and is told in the journal.
/// </summary>
/// <param name="MasterKeyId">The master key that authenticates it.</param>
/// <param name="Epoch">1 for the first set, one more with each change.</param>
/// <param name="Mac">
/// HMAC-SHA-256 (RFC 2104) under HKDF-SHA256(master key, no salt, "qkms/root-wrapper-set/v1") (RFC 5869) over the epoch and every wrapping,
/// ordered by id.
/// </param>
internal sealed record RootWrapperSet(Guid MasterKeyId, long Epoch, byte[] Mac)
{
    private const byte Format = 1;

    private static ReadOnlySpan<byte> Label => "qkms/root-wrapper-set/v1"u8;

    /// <summary>How the journal names it: format, id of the master key, HMAC.</summary>
    public byte[] Seal => [Format, .. MasterKeyId.ToByteArray(bigEndian: true), .. Mac];

    /// <summary>The set of these wrappings. A rotation of the master key makes it anew, with the next epoch, under the new one.</summary>
    /// <param name="masterKey">The master key.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="wrappers">Every wrapping in the database.</param>
    public static RootWrapperSet Of(WrappingKey masterKey, long epoch, IReadOnlyList<RootWrapper> wrappers) =>
        new(masterKey.Id, epoch, MacOf(masterKey, epoch, wrappers));

    /// <summary>Whether the set consists of these wrappings, each as it is.</summary>
    public bool Holds(WrappingKey masterKey, IReadOnlyList<RootWrapper> wrappers) =>
        MasterKeyId == masterKey.Id && CryptographicOperations.FixedTimeEquals(Mac, MacOf(masterKey, Epoch, wrappers));

    // The time of a wrapping is for people: a damaged one keeps nothing from opening.
    private static byte[] MacOf(WrappingKey masterKey, long epoch, IReadOnlyList<RootWrapper> wrappers)
    {
        CanonicalWriter writer = new CanonicalWriter(Format).Add(masterKey.Id).Add(epoch).Add((long)wrappers.Count);
        foreach (RootWrapper wrapper in wrappers.OrderBy(wrapper => Convert.ToHexString(wrapper.WrapperId.ToByteArray(bigEndian: true)),
            StringComparer.Ordinal))
        {
            writer.Add(wrapper.MasterKeyId).Add(wrapper.WrapperId).Add(wrapper.Kind).Add(wrapper.Parameters).Add(wrapper.RootKeyId)
                .Add((long)wrapper.State).Add(wrapper.Wrapped);
        }

        using SecretBytes key = SecretBytes.Allocate(WrappingKey.Size, out Span<byte> destination);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, masterKey.Secret.Span, destination, salt: [], Label);
        return HMACSHA256.HashData(key.Span, writer.Written);
    }
}
