namespace Qkms.Core.Keyrings;

/// <summary>The master key wrapped by one root key. Several may exist, so that a root key can be replaced.</summary>
/// <param name="MasterKeyId">The master key inside.</param>
/// <param name="WrapperId">The id of this wrapping.</param>
/// <param name="Kind">The kind of root key: <c>root-key</c> for 32 bytes from a file or the environment.</param>
/// <param name="Parameters">What the kind needs to know besides; empty for <c>root-key</c>.</param>
/// <param name="RootKeyId">The root key's id: its key-check value, from which nothing of the key can be learnt.</param>
/// <param name="State">What it is used for now.</param>
/// <param name="Wrapped">The sealed master key.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record RootWrapper(
    Guid MasterKeyId,
    Guid WrapperId,
    string Kind,
    string Parameters,
    string RootKeyId,
    KeyringState State,
    byte[] Wrapped,
    DateTimeOffset CreatedAt);
