using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>The words of the API for uses and statuses.</summary>
internal static class KeyWords
{
    /// <summary><c>enc</c>, <c>sig</c> or <c>kem</c>.</summary>
    public static string ToWire(this KeyUse use) => use switch
    {
        KeyUse.Encryption => "enc",
        KeyUse.Signature => "sig",
        KeyUse.Encapsulation => "kem",
        _ => throw new ArgumentOutOfRangeException(nameof(use)),
    };

    /// <summary>The use that a word names, or null.</summary>
    public static KeyUse? ParseUse(string? word) => word switch
    {
        "enc" => KeyUse.Encryption,
        "sig" => KeyUse.Signature,
        "kem" => KeyUse.Encapsulation,
        _ => null,
    };

    /// <summary><c>active</c>, <c>retired</c>, <c>expired</c>, <c>revoked</c>, <c>pending_destruction</c> or <c>destroyed</c>.</summary>
    public static string ToWire(this KeyStatus status) => status switch
    {
        KeyStatus.Active => "active",
        KeyStatus.Retired => "retired",
        KeyStatus.Expired => "expired",
        KeyStatus.Revoked => "revoked",
        KeyStatus.PendingDestruction => "pending_destruction",
        KeyStatus.Destroyed => "destroyed",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    /// <summary>The status that a word names, or null.</summary>
    public static KeyStatus? ParseStatus(string? word) => word switch
    {
        "active" => KeyStatus.Active,
        "retired" => KeyStatus.Retired,
        "expired" => KeyStatus.Expired,
        "revoked" => KeyStatus.Revoked,
        "pending_destruction" => KeyStatus.PendingDestruction,
        "destroyed" => KeyStatus.Destroyed,
        _ => null,
    };
}
