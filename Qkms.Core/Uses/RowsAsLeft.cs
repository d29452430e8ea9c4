using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Uses;

/// <summary>
/// The rows that a batch of uses needs, as the batch before left them: checked versions, counters, streams of active tenants. They are
/// taken again as long as nobody has written anything since, which a database that belongs to one process can tell; then reading them
/// would give the same. Most batches of a busy node follow one another so. For one thread at a time.
/// </summary>
internal sealed class RowsAsLeft
{
    private const int MostRemembered = 10_000;

    private readonly Dictionary<KeyVersionId, (KeyAndVersion Version, KeyUsage Usage)> _versions = [];
    private readonly Dictionary<TenantId, JournalStream> _streams = [];
    private StoreMark? _mark;

    /// <summary>Begins a unit: forgets everything if somebody has written since.</summary>
    public void Begin(IKmsSession session)
    {
        if (_mark is { } mark && session.Mark == mark)
            return;

        _mark = null;
        _versions.Clear();
        _streams.Clear();
    }

    /// <summary>A version and its counter; null when they have to be read.</summary>
    public (KeyAndVersion Version, KeyUsage Usage)? Find(KeyVersionId id) =>
        _versions.TryGetValue(id, out (KeyAndVersion, KeyUsage) found) ? found : null;

    /// <summary>The stream of uses of a tenant that is active; null when both have to be read.</summary>
    public JournalStream? Find(TenantId id) => _streams.GetValueOrDefault(id);

    /// <summary>Keeps what a unit leaves behind, once it is committed. To be called after its last statement.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="versions">What it has counted: their counters are there now.</param>
    /// <param name="streams">The streams that it has added to.</param>
    public void KeepWhenCommitted(
        IKmsSession session, IReadOnlyList<(KeyAndVersion Version, KeyUsage Usage)> versions, IReadOnlyList<JournalStream> streams)
    {
        if (session.Mark is not { } mark)
            return;

        session.OnCommitted(() =>
        {
            if (_versions.Count + _streams.Count > MostRemembered)
            {
                _versions.Clear();
                _streams.Clear();
            }

            foreach ((KeyAndVersion Version, KeyUsage Usage) one in versions)
                _versions[one.Version.Version.Id] = one;

            foreach (JournalStream stream in streams)
                _streams[stream.TenantId] = stream;

            _mark = mark;
        });
    }
}
