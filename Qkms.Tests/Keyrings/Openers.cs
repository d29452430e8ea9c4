using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Core.Installation;
using Qkms.Storage.Journal;
using Qkms.Storage.Keys;

namespace Qkms.Tests.Keyrings;

/// <summary>Makes what opens keyrings.</summary>
internal static class Openers
{
    public static KeyringOpener For(IKmsStore store, IKeyringRepository repository, IdGenerator ids, Keyring keyring) => new(
        store,
        repository,
        new KeyringUpgrade(
            store,
            repository,
            new FormerRows(new FormerRowRepository()),
            new FormerJournal(new JournalRepository(), new FormerRowRepository(), ids, TimeProvider.System),
            TimeProvider.System,
            ids,
            NullLogger<KeyringUpgrade>.Instance),
        TimeProvider.System,
        ids,
        keyring,
        NullLogger<KeyringOpener>.Instance);
}
