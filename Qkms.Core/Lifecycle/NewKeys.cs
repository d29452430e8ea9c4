using Qkms.Core.Keys;

namespace Qkms.Core.Lifecycle;

/// <summary>Rows of logical keys that are still to be made.</summary>
internal sealed class NewKeys(IdGenerator ids)
{
    private const string OwnOrigin = "qkms";

    /// <summary>The first row of the key at an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="now">The time.</param>
    /// <param name="id">Its id, from <see cref="NextId"/>; null = a new one.</param>
    /// <param name="description">A text for people.</param>
    internal Key Make(KeyAddress address, DateTimeOffset now, KeyId? id = null, string? description = null) => new()
    {
        Id = id ?? NextId(),
        Address = address,
        Origin = OwnOrigin,
        Enablement = KeyEnablement.Enabled,
        Description = description,
        NextVersion = 1,
        VersionCount = 0,
        RowVersion = 1,
        CreatedAt = now,
    };

    /// <summary>The id of a key that is still to be made.</summary>
    internal KeyId NextId() => new(ids.Next());

    /// <summary>Refuses a key whose active slot is taken.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.ActiveKeyExists"/>.</exception>
    internal static void RefuseSecondActive(Key key)
    {
        if (key.ActiveKid is { } active)
            throw KmsErrors.ActiveKeyExists.With(
                $"Key '{active}' is active for {key.Address.Algorithm} ({key.Address.Use.ToWire()}) under the name "
                + $"'{key.Address.Name}': rotate it instead.");
    }
}
