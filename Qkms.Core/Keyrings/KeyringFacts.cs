namespace Qkms.Core.Keyrings;

/// <summary>How the keyring was opened, for the start-up line.</summary>
/// <param name="RootKeySource">Where the root key came from.</param>
/// <param name="RootKeyId">Its id.</param>
/// <param name="RootKeyMade">It was made at this start.</param>
/// <param name="RootKeyBesideData">It lies in the data directory, so that a copy of that directory holds both: to be warned of outside Development.</param>
public sealed record KeyringFacts(string RootKeySource, string RootKeyId, bool RootKeyMade, bool RootKeyBesideData);
