using Qkms.Core.Keys;

namespace Qkms.Core.Audit;

/// <summary>Makes journal entries about keys.</summary>
internal static class KeyEvents
{
    /// <summary>The entry for a change of <paramref name="version"/> by <paramref name="caller"/>.</summary>
    public static AuditEvent About(Guid id, DateTimeOffset time, Caller caller, string action, KeyVersion version, KeyState? from, string? reason = null) => new()
    {
        Id = id,
        TenantId = caller.TenantId,
        Time = time,
        Action = action,
        ActorKind = "api_key",
        ActorId = caller.CredentialId.ToString(),
        KeyId = version.KeyId,
        Kid = version.Kid,
        KeyVersion = version.Version,
        From = from is { } state ? Name(state) : null,
        To = Name(version.State),
        Reason = reason,
        RequestId = caller.RequestId,
    };

    private static string Name(KeyState state) => state switch
    {
        KeyState.Active => "active",
        KeyState.Retired => "retired",
        KeyState.Revoked => "revoked",
        KeyState.Destroyed => "destroyed",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };
}
