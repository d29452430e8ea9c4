using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Storage.Journal;
using Qkms.Storage.Keys;

namespace Qkms.Tests.Keyrings;

/// <summary>Makes what opens keyrings.</summary>
internal static class Openers
{
    public static KeyringOpener For(IKmsStore store, IKeyringRepository repository, IdGenerator ids, Keyring keyring)
    {
        RowSealer sealer = new(keyring);
        JournalWriter writer = new(store, Repositories.Journal, sealer, keyring, ids, TimeProvider.System);
        IRootKeyJournal journal = store is FakeKeyringStore
            ? new SilentJournal()
            : new RootKeyJournal(Repositories.Journal, Repositories.Tenants, writer, sealer, keyring, ids, TimeProvider.System);
        return new KeyringOpener(
            store,
            repository,
            new KeyringUpgrade(
                store,
                repository,
                new FormerRows(new FormerRowRepository()),
                new FormerJournal(new JournalRepository(), new FormerRowRepository(), ids, TimeProvider.System),
                journal,
                TimeProvider.System,
                ids,
                NullLogger<KeyringUpgrade>.Instance),
            journal,
            TimeProvider.System,
            ids,
            keyring,
            NullLogger<KeyringOpener>.Instance);
    }

    private sealed class SilentJournal : IRootKeyJournal
    {
        public Task<ToldRootWrapperSet?> FindNewestAsync(IKmsSession session) => Task.FromResult<ToldRootWrapperSet?>(null);

        public Task<bool> TellsOfRootKeysAsync(IKmsSession session) => Task.FromResult(false);
    }
}
