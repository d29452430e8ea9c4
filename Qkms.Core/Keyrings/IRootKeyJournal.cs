using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>What the journal says of the wrappings of the master key.</summary>
internal interface IRootKeyJournal
{
    /// <summary>The newest set that a genuine event names; null when none does. The keyring is open.</summary>
    Task<ToldRootWrapperSet?> FindNewestAsync(IKmsSession session);

    /// <summary>Whether there is any event about root keys, genuine or not.</summary>
    Task<bool> TellsOfRootKeysAsync(IKmsSession session);
}

/// <summary>A set of wrappings as the journal tells of it.</summary>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Seal">Its <see cref="RootWrapperSet.Seal"/>.</param>
internal sealed record ToldRootWrapperSet(long Epoch, byte[] Seal);
