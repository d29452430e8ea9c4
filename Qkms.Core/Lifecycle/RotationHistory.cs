using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Rotations;
using Qkms.Core.Store;

namespace Qkms.Core.Lifecycle;

/// <summary>Lists the rotations of a key, from the first on: every version but the first came into being by one.</summary>
internal sealed class RotationHistory(
    IKmsStore store, KeyRows rows, IRotationJobRepository jobs, RowSealer sealer, ListCursor cursors)
{
    /// <summary>One page. Rotations that are made meanwhile come behind those that are there.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="id">The key.</param>
    /// <param name="withFirst">Whether the first version is listed too, which no rotation made.</param>
    /// <param name="cursor">Where the page before ended; null = from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>; <see cref="KmsErrors.Invalid"/> for a cursor that is not this list's.
    /// </exception>
    public async Task<RotationPage> ListAsync(
        Caller caller, KeyId id, bool withFirst, string? cursor, int limit, CancellationToken cancellationToken)
    {
        string list = $"rotations/{id}/{withFirst}";
        KeyVersionId? last = cursor is null ? null : new KeyVersionId(cursors.Read(list, caller.TenantId, cursor));
        return await store.ReadAsync(
            async session =>
            {
                Key key = (await rows.FindCurrentAsync(session, caller, id)).Key;
                int first = last is { } before ? await NumberOfAsync(session, before) + 1 : withFirst ? 1 : 2;
                int end = Math.Min(first + limit, key.NextVersion);
                if (first >= end)
                    return new RotationPage([], NextCursor: null);

                IReadOnlyList<KeyVersion> versions = await rows.ListAsync(session, key.Address, first, end - 1);
                IReadOnlyList<Sealed<RotationJob>> own = await jobs.ListOwnOfKeyAsync(session, caller.TenantId, id, first, end - 1);
                HashSet<Kid> automatic = [.. own.Select(job => sealer.Open(job).NewKid).OfType<Kid>()];
                return new RotationPage(
                    [.. versions.Select(version => new PastRotation(version, automatic.Contains(version.Kid)))],
                    end < key.NextVersion ? cursors.Write(list, caller.TenantId, versions[^1].Id.Value) : null);
            },
            cancellationToken);

        async Task<int> NumberOfAsync(IKmsSession session, KeyVersionId version) =>
            await rows.FindWithKeyAsync(session, caller.TenantId, version) is { Version: var found } && found.KeyId == id
                ? found.Version
                : throw ListCursor.Refusal();
    }
}

/// <summary>A page of rotations.</summary>
/// <param name="Rotations">The rotations, in the order in which they were made.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
internal sealed record RotationPage(IReadOnlyList<PastRotation> Rotations, string? NextCursor);

/// <summary>A rotation that was made.</summary>
/// <param name="Version">The version that it made.</param>
/// <param name="IsAutomatic">Whether the service ordered it by itself: by the key's period, or because a limit was reached.</param>
internal sealed record PastRotation(KeyVersion Version, bool IsAutomatic);
