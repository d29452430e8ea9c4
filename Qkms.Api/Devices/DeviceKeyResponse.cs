using System.ComponentModel;
using Qkms.Api.Fields;
using Qkms.Core.Devices;
using Qkms.Core.Keys;

namespace Qkms.Api.Devices;

/// <summary>What a device needs to encrypt.</summary>
internal sealed record DeviceKeyResponse(
    [property: KidField, Description("The id of the key. Send it with what the device encrypts.")] string Kid,
    [property: DeviceIdField, Description("The device.")] string DeviceId,
    [property: AlgorithmIdField, Description("The canonical name of the algorithm.")] string Algorithm,
    [property: Field(
        Pattern = "^-----BEGIN PUBLIC KEY-----", Example = "-----BEGIN PUBLIC KEY-----\nMIIBIjAN…\n-----END PUBLIC KEY-----\n")]
    [property: Description("The public key: SubjectPublicKeyInfo, PEM.")]
    string PublicKey,
    [property: OaepHashField]
    [property: Description("The hash function of RSA-OAEP and its MGF1, with which the device encrypts; null for ML-KEM.")]
    string? OaepHash,
    [property: Field(Example = Examples.Time), Description("When the key was generated.")] DateTimeOffset CreatedAt,
    [property: Field(Example = Examples.LaterTime)]
    [property: Description("When the device has to stop encrypting to it. Register again before, or rotate.")]
    DateTimeOffset? ExpiresAt)
{
    public static DeviceKeyResponse From(DeviceKey key)
    {
        KeyVersion version = key.Version;
        return new(
            version.Kid.Value,
            version.Address.Owner.Id,
            version.Algorithm.Name,
            PublicKeyEncoding.ToPem(version),
            version.OaepHash,
            version.CreatedAt,
            version.ExpiresAt);
    }
}
