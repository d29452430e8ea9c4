using System.ComponentModel;
using Qkms.Api.Fields;
using Qkms.Core.Keys;

namespace Qkms.Api.Keys;

/// <summary>One key version, without anything private.</summary>
internal record KeyVersionResponse
{
    [Description("The id of this version, unique in the tenant.")]
    [KidField]
    public required string Kid { get; init; }

    [Description("The id of the logical key.")]
    [Field(Example = "0198f5c2-7d1d-7a10-8f2e-5b7d90c4e6a1")]
    public required Guid KeyId { get; init; }

    [Description("The number of this version: 1, 2, 3 … per key. Numbers are never reused.")]
    [KeyVersionField]
    public required int KeyVersion { get; init; }

    [Description("The name of the logical key.")]
    [KeyNameField]
    public required string Name { get; init; }

    [Description("The algorithm, spelled as in the request or, if the request names none, as when the version was generated.")]
    [AlgorithmField]
    public required string Algorithm { get; init; }

    [Description("The canonical name of the algorithm.")]
    [AlgorithmIdField]
    public required string AlgorithmId { get; init; }

    [Description("'enc' for encryption, 'sig' for signatures, 'kem' for shared secrets only.")]
    [UseField]
    public required string Use { get; init; }

    [Description("active, retired, expired, revoked, pending_destruction or destroyed.")]
    [StatusField]
    public required string Status { get; init; }

    [Description(
        "Base64: the raw encoding of FIPS 203, FIPS 204 or RFC 8032, or SubjectPublicKeyInfo DER for RSA and EC. Null for symmetric keys.")]
    [Field(Pattern = BytesFieldAttribute.Base64, MinLength = 4, Example = Examples.Bytes)]
    public required byte[]? PublicKey { get; init; }

    [Description("The hash function of RSA-OAEP; null unless this is an RSA encryption key.")]
    [OaepHashField]
    public required string? OaepHash { get; init; }

    [Description("When the version was generated.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset CreatedAt { get; init; }

    [Description("The version that this one replaced.")]
    [KidField(Example = KidFieldAttribute.Previous)]
    public required string? PreviousKid { get; init; }

    [Description("The version that replaced this one.")]
    [KidField(Example = KidFieldAttribute.Next)]
    public required string? NextKid { get; init; }

    [Description("The number of uses from which on responses warn; null = none.")]
    [UsesField]
    public required long? SoftUsageLimit { get; init; }

    [Description("The most uses; null = no limit.")]
    [UsesField]
    public required long? MaxUsageLimit { get; init; }

    [Description("The time from which on responses warn; null = never.")]
    [Field(Example = Examples.LaterTime)]
    public required DateTimeOffset? SoftLimitExpiration { get; init; }

    [Description("When the version expires; null = never.")]
    [Field(Example = Examples.LaterTime)]
    public required DateTimeOffset? ExpiresAt { get; init; }

    [Description("When decryption and verification end too; null = never.")]
    [Field(Example = Examples.LaterTime)]
    public required DateTimeOffset? ProcessUntil { get; init; }

    [Description("Whether the key is rotated when a soft limit is reached.")]
    public required bool AutoRotate { get; init; }

    [Description("How often the key is rotated, in days; null = not by itself.")]
    [DaysField]
    public required int? RotationPeriod { get; init; }

    [Description("When the key is rotated next by itself.")]
    [Field(Example = Examples.LaterTime)]
    public required DateTimeOffset? NextRotationAt { get; init; }

    [Description("The number of uses that were counted: all, unless a setting limits the count to versions with a usage limit.")]
    [Field(Minimum = 0, Example = 1)]
    public required long UsageCount { get; init; }

    [Description("When the newest of them was counted; null = there is none.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset? LastUsedAt { get; init; }

    [Description("Your own words about the version, by name.")]
    [Field(MaxItems = KeyLabels.MostLabels, MaxLength = KeyLabels.MaxLength, Example = """{"team":"orders"}""")]
    public required SortedDictionary<string, string> Labels { get; init; }

    [Description("When the version was retired.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset? RetiredAt { get; init; }

    [Description("When the version was revoked.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset? RevokedAt { get; init; }

    [Description("When the private key will be erased, if destruction is scheduled.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset? DestroyAt { get; init; }

    [Description("When the private key was erased.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset? DestroyedAt { get; init; }

    /// <summary>The version as shown to callers at <paramref name="now"/>.</summary>
    /// <param name="version">The version.</param>
    /// <param name="spelling">The algorithm as the request spelled it; null when it named none.</param>
    /// <param name="now">The time at which the status applies.</param>
    public static KeyVersionResponse From(KeyVersion version, string? spelling, DateTimeOffset now) => new()
    {
        Kid = version.Kid.Value,
        KeyId = version.KeyId.Value,
        KeyVersion = version.Version,
        Name = version.Address.Name.Value,
        Algorithm = spelling ?? version.Spelling,
        AlgorithmId = version.Algorithm.Name,
        Use = version.Use.ToWire(),
        Status = version.StatusAt(now).ToWire(),
        PublicKey = version.Algorithm.Family.IsSymmetric ? null : version.PublicKey,
        OaepHash = version.OaepHash,
        CreatedAt = version.CreatedAt,
        PreviousKid = version.PreviousKid?.Value,
        NextKid = version.NextKid?.Value,
        SoftUsageLimit = version.SoftUsageLimit,
        MaxUsageLimit = version.MaxUsageLimit,
        SoftLimitExpiration = version.SoftLimitExpiration,
        ExpiresAt = version.ExpiresAt,
        ProcessUntil = version.ProcessUntil,
        AutoRotate = version.AutoRotate,
        RotationPeriod = (int?)version.RotationPeriod?.TotalDays,
        NextRotationAt = version.NextRotationAt,
        UsageCount = version.Used,
        LastUsedAt = version.LastUsedAt,
        Labels = version.Labels.Read(),
        RetiredAt = version.RetiredAt,
        RevokedAt = version.RevokedAt,
        DestroyAt = version.DestroyAt,
        DestroyedAt = version.DestroyedAt,
    };
}
