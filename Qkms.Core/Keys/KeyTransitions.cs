namespace Qkms.Core.Keys;

/// <summary>The life of a key version as pure functions: a row and the time go in, the next row or a refusal comes out.</summary>
internal static class KeyTransitions
{
    /// <summary>The version after its retirement; itself when it is retired already.</summary>
    public static KeyVersion Retire(KeyVersion version, bool allowNoActive, DateTimeOffset now) => version.State switch
    {
        KeyState.Retired => version,
        KeyState.Active when allowNoActive => version with { State = KeyState.Retired, RetiredAt = now },
        KeyState.Active => throw KmsErrors.OnlyActiveKey.With($"Version {version.Version} is the only active one of its key: rotate it, or say allow_no_active."),
        _ => throw Refuse(version),
    };

    /// <summary>The version after its revocation; itself when it is revoked already.</summary>
    public static KeyVersion Revoke(KeyVersion version, DateTimeOffset now) => version.State switch
    {
        KeyState.Revoked => version,
        KeyState.Active or KeyState.Retired => version with { State = KeyState.Revoked, RevokedAt = now },
        _ => throw Refuse(version),
    };

    /// <summary>The active version after <paramref name="successor"/> took its place.</summary>
    public static KeyVersion Supersede(KeyVersion version, Kid successor, DateTimeOffset now) => version.State switch
    {
        KeyState.Active => version with { State = KeyState.Retired, RetiredAt = now, NextKid = successor },
        KeyState.Retired => throw KmsErrors.KeyChanged.With($"Key '{version.Kid}' was already rotated."),
        _ => throw Refuse(version),
    };

    private static KmsException Refuse(KeyVersion version) => version.State switch
    {
        KeyState.Revoked => KmsErrors.KeyRevoked.With($"Key '{version.Kid}' is revoked."),
        KeyState.Destroyed => KmsErrors.KeyDestroyed.With($"Key '{version.Kid}' is destroyed."),
        _ => throw new InvalidOperationException("A key version has a state that this version of Qkms does not know."),
    };
}
