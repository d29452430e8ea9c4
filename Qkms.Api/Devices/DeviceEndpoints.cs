using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Devices;

namespace Qkms.Api.Devices;

/// <summary>Keys of devices.</summary>
internal static class DeviceEndpoints
{
    public const string DeviceIdText = "Your id of the device.";

    /// <summary>The device of the examples, and where its kid comes from.</summary>
    public const string ExampleId = "phone-7";
    public const string PastedKid = "paste-from-RegisterDevice";

    /// <summary>The address of what a route creates.</summary>
    public static readonly LocationMetadata NewKey =
        new("The address of the new key's validity.", $"/devices/{ExampleId}/keys/{KidFieldAttribute.Current}/validity");

    /// <summary>The algorithm when a registration names none.</summary>
    public static readonly (KeyAlgorithm Algorithm, string Spelling) DefaultAlgorithm =
        (DeviceRows.Algorithms[0], DeviceRows.Algorithms[0].Name);

    public static IEndpointRouteBuilder MapDevices(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder devices = app.MapGroup("/devices/{device_id}")
            .WithTag("Devices", "Keys of devices: a device encrypts to the public key, your server decrypts.");
        devices.MapRegisterDevice();
        devices.MapGetDeviceKeyValidity();
        devices.MapDecryptFromDevice();
        devices.MapRotateDeviceKey();
        devices.MapRevokeDeviceKey();
        return app;
    }

    /// <summary>The reply about a new key.</summary>
    public static CreatedReply<DeviceKeyResponse> Created(DeviceKeyResponse data) =>
        Reply.Created(data, GetDeviceKeyValidity.RouteName, new { device_id = data.DeviceId, kid = data.Kid });
}
