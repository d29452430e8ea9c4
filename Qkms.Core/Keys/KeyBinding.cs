using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keys;

/// <summary>What a wrapped private key is bound to: it opens in the row of this key version and nowhere else.</summary>
internal static class KeyBinding
{
    private const byte Format = 1;

    /// <summary>The associated data of the wrapped private key of <paramref name="version"/>. No name and no number that is local to a database.</summary>
    public static byte[] Of(KeyVersion version, MaterialFormat format) => new CanonicalWriter(Format)
        .Add(version.TenantId.Value)
        .Add(version.KeyId.Value)
        .Add(version.Id.Value)
        .Add(version.Version)
        .Add(version.Kid.Value)
        .Add(version.Algorithm.Name)
        .Add(version.Use.ToWire())
        .Add((long)format)
        .Add(SHA256.HashData(version.PublicKey))
        .Written.ToArray();
}
