namespace Qkms.Core.Keyrings;

/// <summary>What a key of the keyring is for. The numbers are bound into what it seals and never change.</summary>
internal enum KeyringKind
{
    /// <summary>Wraps the private keys of one tenant.</summary>
    Tenant = 1,

    /// <summary>Hashes API keys.</summary>
    CredentialHash = 2,

    /// <summary>Seals rows.</summary>
    RowSeal = 3,

    /// <summary>Authenticates page cursors.</summary>
    Cursor = 4,

    /// <summary>Authenticates the events of the journal.</summary>
    Journal = 5,

    /// <summary>Wraps the secrets of credentials that are needed again.</summary>
    CredentialSecret = 6,
}

/// <summary>
/// The state of a key of the keyring, or of a wrapping of the master key. The numbers are bound into wraps and never change.
/// </summary>
internal enum KeyringState
{
    /// <summary>It is in use.</summary>
    InUse = 1,

    /// <summary>It was destroyed, with its tenant or when another took its place: zeros stand where it was.</summary>
    Destroyed = 2,
}

/// <summary>What people call the kinds.</summary>
internal static class KeyringKinds
{
    /// <summary>For a message: "API-key hash".</summary>
    public static string ToWords(this KeyringKind kind) => kind switch
    {
        KeyringKind.CredentialHash => "API-key hash",
        KeyringKind.RowSeal => "row-seal",
        KeyringKind.Cursor => "cursor",
        KeyringKind.Journal => "journal",
        KeyringKind.CredentialSecret => "credential-secret",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
