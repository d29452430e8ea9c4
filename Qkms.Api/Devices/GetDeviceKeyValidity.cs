using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Keys;
using Qkms.Core.Devices;
using Qkms.Core.Keys;
using Qkms.Core.Time;

namespace Qkms.Api.Devices;

/// <summary>Whether a device may encrypt to a key, and until when the key decrypts.</summary>
internal sealed record DeviceKeyValidityResponse(
    [property: Description("Whether the device may encrypt to the key now.")] bool Valid,
    [property: StatusField, Description("The status of the key; null if the device has no such key.")] string? Status,
    [property: Field(Example = Examples.LaterTime), Description("When the device has to stop encrypting to it.")] DateTimeOffset? ExpiresAt,
    [property: Field(Example = Examples.LaterTime)]
    [property: Description("Until when the key decrypts what the device encrypted to it, unless it is revoked.")]
    DateTimeOffset? ProcessUntil,
    [property: Field(Words = ["not_found", "expired", "retired", "revoked", "destroyed"], Example = "retired")]
    [property: Description("Why it is not valid; null if it is.")]
    string? Reason,
    [property: Description("Whether too many of the latest decryptions with it failed, to the knowledge of the node that answers.")]
    bool Failing,
    [property: Field(Minimum = 0, Maximum = 100, Example = 3)]
    [property: Description("How many of them failed, in percent; null where there were too few to say.")]
    int? FailurePercent)
{
    private const string NotFound = "not_found";

    /// <summary>The answer about a key; null = the device has no such key.</summary>
    public static DeviceKeyValidityResponse Of(KeyVersion? version, FailureRate? failures, DateTimeOffset now)
    {
        if (version is null)
            return new(false, null, null, null, NotFound, false, null);

        KeyStatus status = version.StatusAt(now);
        string text = status.ToWire();
        bool isValid = status == KeyStatus.Active;
        return new(
            isValid,
            text,
            version.ExpiresAt,
            version.ProcessUntil,
            isValid ? null : text,
            failures?.IsFailing == true,
            failures?.Percent);
    }
}

internal static class GetDeviceKeyValidity
{
    public const string RouteName = "GetDeviceKeyValidity";

    public static void MapGetDeviceKeyValidity(this RouteGroupBuilder devices) =>
        devices.MapGet("/keys/{kid}/validity", HandleAsync)
            .WithName(RouteName)
            .WithSummary("Says whether a device may still encrypt to a key, and if not, why.");

    private static async Task<Reply<DeviceKeyValidityResponse>> HandleAsync(
        [FromRoute(Name = "device_id"), DeviceIdField, ParameterExample(DeviceEndpoints.ExampleId)]
        [Description(DeviceEndpoints.DeviceIdText)] string deviceId,
        [KidField, ParameterExample(DeviceEndpoints.PastedKid), Description("The kid of the key.")] string kid,
        Caller caller,
        DeviceKeys devices,
        DeviceFailures failures,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        DeviceId id = DeviceFields.Read(deviceId);
        KeyVersion? version = Kid.TryParse(kid, out Kid known) ? await devices.FindAsync(caller, id, known, cancellationToken) : null;
        FailureRate? rate = version is null ? null : failures.Find(caller.TenantId, version.Kid);
        return Reply.Ok(DeviceKeyValidityResponse.Of(version, rate, time.GetUtcMilliseconds()));
    }
}
