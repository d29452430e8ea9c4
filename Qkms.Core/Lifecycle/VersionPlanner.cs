using Qkms.Core.Algorithms;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Makes all that is written for the next version of a key. Wrapping and sealing hold nobody up before the write begins; inside it everybody
/// else's writes would wait for them.
/// </summary>
/// <param name="sealer">Seals the rows.</param>
/// <param name="pair">The version's key; it belongs to the caller.</param>
/// <param name="tenantKey">Wraps it; it belongs to the caller.</param>
/// <param name="spelling">How the request spells the algorithm.</param>
internal sealed class VersionPlanner(RowSealer sealer, NewKeyMaterial pair, WrappingKey tenantKey, string spelling)
{
    /// <summary>The plan for a key as it is now.</summary>
    /// <param name="key">The key; new, or as it was read.</param>
    /// <param name="isNew">Whether its row is still to be written.</param>
    /// <param name="next">What decides about the version.</param>
    public VersionPlan Plan(Key key, bool isNew, NextVersion next)
    {
        KeyVersion version = new()
        {
            Id = next.Id,
            KeyId = key.Id,
            Address = key.Address,
            Kid = next.Kid,
            Version = key.NextVersion,
            Spelling = spelling,
            State = KeyState.Active,
            OaepHash = next.OaepHash,
            PublicKey = pair.PublicKey,
            PreviousKid = next.PreviousKid,
            CreatedAt = next.CreatedAt,
        };
        Key after = key with { ActiveKid = version.Kid, NextVersion = key.NextVersion + 1, VersionCount = key.VersionCount + 1, RowVersion = key.RowVersion + 1 };
        return new VersionPlan(
            key, isNew ? sealer.Seal(key) : null, sealer.Seal(after), version, sealer.Seal(version), KeyWrapper.Wrap(tenantKey, version, pair.Format, pair.PrivateKey));
    }
}
