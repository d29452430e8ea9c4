using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Gates;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Uses;

/// <summary>Brings the private or secret key of a version into memory, ready for use.</summary>
internal interface IMaterialLoader
{
    /// <summary>The key in memory, a <see cref="Algorithms.LoadedKey"/>.</summary>
    /// <exception cref="Sealing.SealBrokenException">It does not open, or is not the key of this version.</exception>
    /// <exception cref="KmsException"><see cref="KmsErrors.TenantSuspended"/>, also while it waits for its deletion.</exception>
    Task<IDisposable> LoadAsync(KeyVersion version);
}

/// <summary>Reads, unwraps and expands private keys, and checks that each belongs to the public key of its version.</summary>
internal sealed class MaterialLoader(
    IKmsStore store,
    IKeyRepository keys,
    IKeyringRepository keyringRepository,
    ITenantRepository tenants,
    RowSealer sealer,
    Keyring keyring,
    PqcEngine engine,
    PrivateKeyGate gate)
    : IMaterialLoader
{
    /// <inheritdoc/>
    public async Task<IDisposable> LoadAsync(KeyVersion version)
    {
        (KeyMaterial? material, KeyringEntry? entry) = await store.ReadAsync(
            async session =>
            {
                // Its keys have left the memory of this node: a request that was let in before does not bring them back.
                Tenant tenant = sealer.Open(
                    await tenants.FindAsync(session, version.TenantId) ?? throw new SealBrokenException($"tenant {version.TenantId}"));
                if (tenant.State != TenantState.Active)
                    throw KmsErrors.TenantSuspended.Refusal();

                return await keyringRepository.FindWithTenantKeyAsync(
                    session,
                    version.TenantId,
                    () => keys.FindMaterialAsync(session, version.TenantId, version.Id),
                    static found => found.WrappingKeyId);
            },
            CancellationToken.None);
        if (material is null || entry is null)
            throw new SealBrokenException(version.LogName);

        return await gate.RunAsync(
            (Loader: this, version, material, entry),
            static work => work.Loader.Open(work.version, work.material, work.entry),
            CancellationToken.None);
    }

    private LoadedKey Open(KeyVersion version, KeyMaterial material, KeyringEntry entry)
    {
        using WrappingKey tenantKey = keyring.OpenTenantKey(entry);
        SecretBytes secret = PrivateKeyWrap.Unwrap(tenantKey, version, material);
        KeyFamily family = version.Algorithm.Family;
        if (material.Format != family.Format)
        {
            secret.Dispose();
            throw new InvalidOperationException("A private key has a form that this version of Qkms does not know.");
        }

        LoadedKey key = family.Load(new StoredKey(version.Algorithm, version.Id, version.OaepHash), secret, engine);
        if (key.PublicKey.SequenceEqual(version.PublicKey))
            return key;

        key.Dispose();
        throw new SealBrokenException(version.LogName);
    }
}
