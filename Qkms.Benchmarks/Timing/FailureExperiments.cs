using System.Buffers.Binary;
using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Cryptography.Rfc9180;
using Qkms.Core.Names;
using Qkms.Core.Secrets;

namespace Qkms.Benchmarks.Timing;

/// <summary>
/// What somebody who sends ciphertexts of his own would ask: does the time of the refusal tell why. Left out are causes that show in
/// the ciphertext itself, and so are known to whoever sends it: its length, its header, a version that does not exist, a number that is
/// not below the RSA modulus.
/// </summary>
internal static class FailureExperiments
{
    private const int PoolSize = 64;
    private const int PlaintextSize = 64;

    // Where the parts of a blob begin (BlobV1): header 21, salt 32, commitment 32, ciphertext, tag 16.
    private const int SaltOffset = 21;
    private const int CommitmentOffset = 53;
    private const int CiphertextOffset = 85;

    internal static IEnumerable<FailureExperiment> All() => [Blob(), HpkeOf(new ManagedEngine(), "managed"), .. PlatformHpke(), Oaep()];

    private static FailureExperiment Blob()
    {
        KeyVersionId version = new(new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]));
        byte[] key = RandomNumberGenerator.GetBytes(32);
        byte[] otherKey = RandomNumberGenerator.GetBytes(32);
        EncryptionContext context = Context("customers");
        FailureCause[] causes =
        [
            Cause("changed tag", () => Flip(Make(key), ^1)),
            Cause("changed tag, again (control)", () => Flip(Make(key), ^1)),
            Cause("changed ciphertext", () => Flip(Make(key), CiphertextOffset)),
            Cause("another context", () => Make(key)),
            Cause("changed salt", () => Flip(Make(key), SaltOffset)),
            Cause("changed commitment, first byte", () => Flip(Make(key), CommitmentOffset)),
            Cause("changed commitment, last byte", () => Flip(Make(key), CiphertextOffset - 1)),
            Cause("another key with the same id", () => Make(otherKey)),
        ];
        // One object for each cause, so that none is nearer at hand than the others.
        EncryptionContext[] contexts = [.. causes.Select(cause => Context(cause.Name == "another context" ? "employees" : "customers"))];
        return new FailureExperiment(
            "AES-256 blob", causes, (cause, blob) => Opened(BlobV1.TryOpen(BlobPurpose.Encryption, version, key, contexts[cause], blob)));

        byte[] Make(byte[] with) => BlobV1.Protect(BlobPurpose.Encryption, version, with, context, new byte[PlaintextSize]);
    }

    private static IEnumerable<FailureExperiment> PlatformHpke() =>
        MLKem.IsSupported ? [HpkeOf(PqcEngines.Select("platform"), "platform")] : [];

    private static FailureExperiment HpkeOf(PqcEngine engine, string name)
    {
        MLKem key = engine.GenerateMLKem(MLKemAlgorithm.MLKem768);
        MLKem otherKey = engine.GenerateMLKem(MLKemAlgorithm.MLKem768);
        byte[] aad = "customers"u8.ToArray();
        FailureCause[] causes =
        [
            Cause("changed tag", () => Flip(Make(key), ^1)),
            Cause("changed tag, again (control)", () => Flip(Make(key), ^1)),
            Cause("changed ciphertext", () => Flip(Make(key), MLKemAlgorithm.MLKem768.CiphertextSizeInBytes)),
            Cause("another aad", () => Make(key)),
            Cause(
                "changed enc (implicit rejection)",
                () => Flip(Make(key), RandomNumberGenerator.GetInt32(MLKemAlgorithm.MLKem768.CiphertextSizeInBytes))),
            Cause("made for another key", () => Make(otherKey)),
        ];
        MLKemKey opener = new(key);
        byte[][] aads = [.. causes.Select(cause => cause.Name == "another aad" ? "employees"u8.ToArray() : [.. aad])];
        return new FailureExperiment(
            $"HPKE, ML-KEM-768, {name}", causes, (cause, ciphertext) => Opened(opener.TryOpen(info: default, aads[cause], ciphertext)));

        byte[] Make(MLKem with) => Hpke.Seal(with, info: default, aad, new byte[PlaintextSize]);
    }

    private static FailureExperiment Oaep()
    {
        var key = RSA.Create(2048);
        var otherKey = RSA.Create(2048);
        byte[] modulus = key.ExportParameters(includePrivateParameters: false).Modulus!;
        RsaKey opener = new(KeyAlgorithm.FromStored("RSA-2048"), key, "SHA-256");
        FailureCause[] causes =
        [
            Cause("changed ciphertext", () => BelowModulus(() => Flip(Make(key, RSAEncryptionPadding.OaepSHA256), ^1))),
            Cause("changed ciphertext, again (control)", () => BelowModulus(() => Flip(Make(key, RSAEncryptionPadding.OaepSHA256), ^1))),
            Cause("another hash", () => Make(key, RSAEncryptionPadding.OaepSHA1)),
            Cause("PKCS #1 v1.5 padding", () => Make(key, RSAEncryptionPadding.Pkcs1)),
            Cause("made for another key", () => BelowModulus(() => Make(otherKey, RSAEncryptionPadding.OaepSHA256))),
            Cause("random", () => BelowModulus(() => RandomNumberGenerator.GetBytes(modulus.Length))),
        ];
        return new FailureExperiment(
            "RSA-2048 OAEP", causes, (_, ciphertext) => Opened(opener.TryDecrypt(EncryptionContext.Empty, ciphertext)));

        static byte[] Make(RSA with, RSAEncryptionPadding padding) => with.Encrypt(new byte[PlaintextSize], padding);

        byte[] BelowModulus(Func<byte[]> make)
        {
            byte[] made;
            do
                made = make();
            while (BinaryPrimitives.ReadUInt64BigEndian(made) >= BinaryPrimitives.ReadUInt64BigEndian(modulus));

            return made;
        }
    }

    private static FailureCause Cause(string name, Func<byte[]> make) => new(name, [.. Enumerable.Range(0, PoolSize).Select(_ => make())]);

    private static byte[] Flip(byte[] bytes, Index at)
    {
        bytes[at] ^= 1;
        return bytes;
    }

    private static EncryptionContext Context(string table) =>
        EncryptionContext.TryCreate(new Dictionary<string, string?> { ["table"] = table }, out EncryptionContext? context, out _)
            ? context
            : throw new InvalidOperationException();

    private static bool Opened(SecretBytes? plaintext)
    {
        plaintext?.Dispose();
        return plaintext is not null;
    }
}
