using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

namespace Qkms.Core.Cryptography.Rfc9106;

/// <summary>Argon2id (RFC 9106), version 0x13, computed by BouncyCastle.</summary>
internal static class Argon2id
{
    /// <summary>Derives a key from a passphrase.</summary>
    /// <param name="passphrase">P of section 3.1.</param>
    /// <param name="salt">S.</param>
    /// <param name="cost">m, t and p.</param>
    /// <param name="key">Takes the tag.</param>
    /// <param name="secret">K; none but in test vectors.</param>
    /// <param name="associatedData">X; none but in test vectors.</param>
    [TouchesSecrets]
    public static void Derive(
        ReadOnlySpan<byte> passphrase, byte[] salt, Argon2Cost cost, Span<byte> key, byte[]? secret = null, byte[]? associatedData = null)
    {
        Argon2Parameters.Builder builder = new Argon2Parameters.Builder(Argon2Parameters.Argon2id)
            .WithVersion(Argon2Parameters.Version13)
            .WithMemoryAsKB(cost.MemoryKiB)
            .WithIterations(cost.Passes)
            .WithParallelism(cost.Lanes)
            .WithSalt(salt);
        if (secret is not null)
            builder.WithSecret(secret);

        if (associatedData is not null)
            builder.WithAdditional(associatedData);

        Argon2BytesGenerator generator = new();
        generator.Init(builder.Build());

        // BouncyCastle takes arrays. Pinned, so that zeroing them leaves no copy.
        byte[] text = GC.AllocateArray<byte>(passphrase.Length, pinned: true);
        byte[] tag = GC.AllocateArray<byte>(key.Length, pinned: true);
        try
        {
            passphrase.CopyTo(text);
            generator.GenerateBytes(text, tag);
            tag.CopyTo(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
            CryptographicOperations.ZeroMemory(tag);
        }
    }
}

/// <summary>What a derivation costs.</summary>
/// <param name="MemoryKiB">m: memory, in KiB.</param>
/// <param name="Passes">t: passes over the memory.</param>
/// <param name="Lanes">p: lanes.</param>
internal readonly record struct Argon2Cost(int MemoryKiB, int Passes, int Lanes)
{
    private const int MostMemoryKiB = 1 << 21;
    private const int MostPasses = 16;
    private const int MostLanes = 16;

    /// <summary>The second recommended option of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes.</summary>
    public static Argon2Cost Usual { get; } = new(1 << 16, 3, 4);

    /// <summary>Whether it lies between the minimum of RFC 9106, section 3.1, and 2 GiB, 16 passes and 16 lanes.</summary>
    public bool IsSensible =>
        Lanes is >= 1 and <= MostLanes && Passes is >= 1 and <= MostPasses && MemoryKiB >= 8 * Lanes && MemoryKiB <= MostMemoryKiB;
}
