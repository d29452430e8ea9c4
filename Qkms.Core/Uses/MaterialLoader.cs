using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Gates;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Secrets;
using Qkms.Core.Store;

namespace Qkms.Core.Uses;

/// <summary>Reads, unwraps and expands private keys, and checks that each belongs to the public key of its version.</summary>
public sealed class MaterialLoader(IKmsStore store, IKeyRepository keys, IKeyringRepository keyringRepository, Keyring keyring, PqcEngine engine, PrivateKeyGate gate) : IMaterialLoader
{
    /// <inheritdoc/>
    public async Task<IDisposable> LoadAsync(KeyVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        (KeyMaterial? material, KeyringEntry? entry) = await store.ReadAsync(
            async session =>
            {
                KeyMaterial? found = await keys.FindMaterialAsync(session, version.TenantId, version.Id);
                return (found, found is null ? null : await keyringRepository.FindTenantKeyAsync(session, version.TenantId, found.WrappingKeyId));
            },
            CancellationToken.None);
        if (material is null || entry is null)
            throw new SealBrokenException(version.LogName);

        return await gate.RunAsync((Loader: this, version, material, entry), work => work.Loader.Open(work.version, work.material, work.entry), CancellationToken.None);
    }

    private IDisposable Open(KeyVersion version, KeyMaterial material, KeyringEntry entry)
    {
        using WrappingKey tenantKey = keyring.OpenTenantKey(entry);
        SecretBytes secret = KeyWrapper.Unwrap(tenantKey, version, material);

        // An AES key is used as it is; the others are expanded, and their stored form is of no further use.
        if (material.Format == MaterialFormat.RawKey)
            return secret;

        using (secret)
        {
            IDisposable? key = null;
            try
            {
                (key, byte[] publicKey) = Expand(version.Algorithm, material.Format, secret.Span);
                return publicKey.AsSpan().SequenceEqual(version.PublicKey) ? key : throw new SealBrokenException(version.LogName);
            }
            catch
            {
                key?.Dispose();
                throw;
            }
        }
    }

    private (IDisposable Key, byte[] PublicKey) Expand(KeyAlgorithm algorithm, MaterialFormat format, ReadOnlySpan<byte> secret)
    {
        switch (format)
        {
            case MaterialFormat.MLKemSeed:
                MLKem kem = engine.ImportMLKemPrivateSeed(PqcAlgorithms.MLKem(algorithm), secret);
                return (kem, kem.ExportEncapsulationKey());

            case MaterialFormat.MLDsaSeed:
                MLDsa dsa = engine.ImportMLDsaPrivateSeed(PqcAlgorithms.MLDsa(algorithm), secret);
                return (dsa, dsa.ExportMLDsaPublicKey());

            case MaterialFormat.Pkcs8:
                RSA rsa = ImportRsa(secret);
                return (rsa, rsa.ExportSubjectPublicKeyInfo());

            default:
                throw new InvalidOperationException("A private key has a form that this version of Qkms does not know.");
        }
    }

    private static RSA ImportRsa(ReadOnlySpan<byte> pkcs8)
    {
        RSA rsa = RSA.Create();
        try
        {
            rsa.ImportPkcs8PrivateKey(pkcs8, out _);
            return rsa;
        }
        catch
        {
            rsa.Dispose();
            throw;
        }
    }
}
