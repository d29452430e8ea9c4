using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Devices;
using Qkms.Core.Idempotency;

namespace Qkms.Api.Devices;

internal sealed record RotateDeviceKeyRequest(
    [property: DeviceAlgorithmField]
    [property: Description("The algorithm: RSA-2048 or ML-KEM-768. Default: that of the device's newest key.")]
    AlgorithmText? Algorithm);

internal sealed class RotateDeviceKeyRequestValidator : AbstractValidator<RotateDeviceKeyRequest>
{
    public RotateDeviceKeyRequestValidator() => RuleFor(r => r.Algorithm).IsDeviceAlgorithm();
}

internal static class RotateDeviceKey
{
    public static void MapRotateDeviceKey(this RouteGroupBuilder devices) =>
        devices.MapPost("/keys/rotate", HandleAsync)
            .WithName("RotateDeviceKey")
            .WithSummary("Gives a device a new key, and retires its others: they still decrypt until their retention ends.")
            .WithRequestExample("""{"algorithm":"RSA-2048"}""")
            .WithOptionalValidation<RotateDeviceKeyRequest, RotateDeviceKeyRequestValidator>()
            .WithMetadata(DeviceEndpoints.NewKey)
            .Refuses(KmsErrors.KeyVersionNotFound, KmsErrors.TooManyGenerations, KmsErrors.QuotaExceeded, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<CreatedReply<DeviceKeyResponse>> HandleAsync(
        [FromRoute(Name = "device_id"), DeviceIdField, ParameterExample(DeviceEndpoints.ExampleId)]
        [Description(DeviceEndpoints.DeviceIdText)] string deviceId,
        RotateDeviceKeyRequest? request,
        Caller caller,
        DeviceKeys devices,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        DeviceId id = DeviceFields.Read(deviceId);
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done<DeviceKey> done = await devices.RotateAsync(caller, id, request?.Algorithm.Chosen(), repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return DeviceEndpoints.Created(DeviceKeyResponse.From(done.Result));
    }
}
