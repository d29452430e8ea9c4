using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Devices;

/// <summary>Requests and answers about devices, as JSON.</summary>
[JsonSerializable(typeof(RegisterDeviceRequest))]
[JsonSerializable(typeof(RotateDeviceKeyRequest))]
[JsonSerializable(typeof(RevokeDeviceKeyRequest))]
[JsonSerializable(typeof(DecryptFromDeviceRequest))]
[JsonSerializable(typeof(Envelope<DeviceKeyResponse>))]
[JsonSerializable(typeof(Envelope<DeviceKeyValidityResponse>))]
[JsonSerializable(typeof(Envelope<DecryptFromDeviceResponse>))]
internal sealed partial class DeviceJson : JsonSerializerContext;
