using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Destroys one version: its private key is found, opened, and written over in the unit that calls it destroyed. What is called destroyed
/// was there until then.
/// </summary>
internal sealed class VersionDestruction(IKmsStore store, IKeyRepository keys, KeyWriter writer, TenantKeys tenantKeys)
{
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Destroys a version; false when something else was faster, and nothing was changed.</summary>
    /// <param name="found">The version as it was read.</param>
    /// <param name="plan">The plan that calls it destroyed.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="SealBrokenException">Its private key is not there, or is another's.</exception>
    internal async Task<bool> TryDestroyAsync(KeyAndVersion found, KeyPlan plan, CancellationToken cancellationToken)
    {
        KeyMaterial material;
        try
        {
            material = await FindOpenableAsync(found.Version, cancellationToken);
        }
        catch (SealBrokenException)
        {
            // Another node has destroyed it since it was read.
            if (await HasChangedAsync(found.Version, cancellationToken))
                return false;

            throw;
        }

        KeyVersion? destroyed = await store.WriteAsync(
            async session => await TryDestroyAsync(session, found.Version, plan, material) ? found.Version : null, cancellationToken);
        return destroyed is not null;
    }

    private async Task<bool> HasChangedAsync(KeyVersion read, CancellationToken cancellationToken) =>
        await store.ReadAsync(session => keys.FindVersionAsync(session, read.TenantId, read.Id), cancellationToken) is { } now
        && !RowSealer.SayTheSame(read, now.UnverifiedRow);

    /// <summary>The same in a unit that writes more.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="version">The version as it was read.</param>
    /// <param name="plan">The plan that calls it destroyed.</param>
    /// <param name="material">Its private key, from <see cref="FindOpenableAsync"/>.</param>
    /// <exception cref="SealBrokenException">Its private key is not there as it was found.</exception>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unavailable"/>: it was wrapped by another key of its tenant meanwhile; nothing was changed.
    /// </exception>
    internal async Task<bool> TryDestroyAsync(IKmsSession session, KeyVersion version, KeyPlan plan, KeyMaterial material)
    {
        if (!await writer.TryWriteAsync(session, plan))
            return false;

        if (await keys.EraseMaterialAsync(session, material))
            return true;

        // Since it was opened the tenant may have got another key, and this one was wrapped by that: the next sweep opens it anew.
        throw await keys.FindMaterialAsync(session, version.TenantId, version.Id) is { } other
            && other.WrappingKeyId != material.WrappingKeyId
            ? KmsErrors.Unavailable.RetryAfter(_retryAfter)
            : new SealBrokenException($"the private key of {version.LogName}");
    }

    /// <summary>
    /// The private key of a version, after it was opened. What does not open is not the private key of this version: that one may lie
    /// elsewhere, and the version is not called destroyed.
    /// </summary>
    /// <exception cref="SealBrokenException">As above.</exception>
    internal async Task<KeyMaterial> FindOpenableAsync(KeyVersion version, CancellationToken cancellationToken)
    {
        (KeyMaterial? material, KeyringEntry? entry) = await store.ReadAsync(
            session => tenantKeys.FindWithAsync(
                session,
                version.TenantId,
                () => keys.FindMaterialAsync(session, version.TenantId, version.Id),
                static found => found.WrappingKeyId),
            cancellationToken);
        if (material is null || entry is null)
            throw new SealBrokenException($"the private key of {version.LogName}");

        using WrappingKey tenantKey = tenantKeys.Open(entry);
        PrivateKeyWrap.Unwrap(tenantKey, version, material).Dispose();
        return material;
    }
}
