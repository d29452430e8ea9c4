using Qkms.Core.Keys;

namespace Qkms.Core.Lifecycle;

/// <summary>Rows of logical keys that are still to be made.</summary>
internal sealed class NewKeys(IdGenerator ids)
{
    private const string OwnOrigin = "qkms";

    /// <summary>The first row of the key at an address.</summary>
    internal Key Make(KeyAddress address, DateTimeOffset now) => new()
    {
        Id = new KeyId(ids.Next()),
        Address = address,
        Origin = OwnOrigin,
        Enablement = KeyEnablement.Enabled,
        NextVersion = 1,
        VersionCount = 0,
        RowVersion = 1,
        CreatedAt = now,
    };

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
