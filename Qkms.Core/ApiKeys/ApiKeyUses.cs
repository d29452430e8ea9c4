using System.Collections.Concurrent;
using Qkms.Core.Store;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// Remembers when API keys were used, and writes that from time to time: no request waits for it. What is not written yet when the process
/// is killed is lost; nothing is decided by it.
/// </summary>
internal sealed class ApiKeyUses(IKmsStore store, ICredentialRepository credentials)
{
    // So many at once: other writes wait for some milliseconds.
    private const int Piece = 500;

    private readonly ConcurrentDictionary<CredentialId, ApiKeyUse> _unwritten = new();

    /// <summary>Notes a use. Called when an API key is read, at most every half second for each: a request in between is as good.</summary>
    public void Note(TenantId tenantId, CredentialId id, DateTimeOffset at) => _unwritten[id] = new ApiKeyUse(tenantId, id, at);

    /// <summary>The later one of a time that was written and what is not written yet.</summary>
    public DateTimeOffset? Latest(CredentialId id, DateTimeOffset? written) =>
        _unwritten.TryGetValue(id, out ApiKeyUse use) && !(written >= use.At) ? use.At : written;

    /// <summary>Writes what is not written yet if the database takes it: at the end of the service, which does not depend on it.</summary>
    public async Task TryWriteAsync()
    {
        try
        {
            await WriteAsync(CancellationToken.None);
        }
#pragma warning disable CA1031 // Whatever it is, the service has to end in order: the database is closed after this.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The times of the last half minute are lost.
        }
    }

    /// <summary>Writes what is not written yet.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>; the next call writes it.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        foreach (ApiKeyUse[] piece in _unwritten.Values.Chunk(Piece))
        {
            await store.WriteAsync(
                async session =>
                {
                    await credentials.WriteUsesAsync(session, piece);
                    return true;
                },
                cancellationToken);

            // One that was used again meanwhile stays.
            foreach (ApiKeyUse use in piece)
                _unwritten.TryRemove(KeyValuePair.Create(use.Id, use));
        }
    }
}
