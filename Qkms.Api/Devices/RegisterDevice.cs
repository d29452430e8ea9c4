using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Devices;
using Qkms.Core.Idempotency;

namespace Qkms.Api.Devices;

internal sealed record RegisterDeviceRequest(
    [property: DeviceAlgorithmField, Description("The algorithm: RSA-2048 (default) or ML-KEM-768.")] AlgorithmText? Algorithm);

internal sealed class RegisterDeviceRequestValidator : AbstractValidator<RegisterDeviceRequest>
{
    public RegisterDeviceRequestValidator() => RuleFor(r => r.Algorithm).IsDeviceAlgorithm();
}

internal static class RegisterDevice
{
    public static void MapRegisterDevice(this RouteGroupBuilder devices) =>
        devices.MapPost("/keys", HandleAsync)
            .WithName("RegisterDevice")
            .WithSummary("Returns the public key that a device encrypts to: the valid one that it has (200), or a new one (201).")
            .WithDescription("The first key registers the device. Fifty requests at once get one key.")
            .WithRequestExample("""{"algorithm":"RSA-2048"}""")
            .WithOptionalValidation<RegisterDeviceRequest, RegisterDeviceRequestValidator>()
            .WithMetadata(DeviceEndpoints.NewKey)
            .Refuses(KmsErrors.TooManyGenerations, KmsErrors.QuotaExceeded, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<Results<CreatedReply<DeviceKeyResponse>, Reply<DeviceKeyResponse>>> HandleAsync(
        [FromRoute(Name = "device_id"), DeviceIdField, ParameterExample(DeviceEndpoints.ExampleId)]
        [Description(DeviceEndpoints.DeviceIdText)] string deviceId,
        RegisterDeviceRequest? request,
        Caller caller,
        DeviceKeys devices,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        DeviceId id = DeviceFields.Read(deviceId);
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        (Core.Algorithms.KeyAlgorithm, string) algorithm = request?.Algorithm.Chosen() ?? DeviceEndpoints.DefaultAlgorithm;
        Done<DeviceKey> done = await devices.RegisterAsync(caller, id, algorithm, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        DeviceKeyResponse data = DeviceKeyResponse.From(done.Result);
        return done.Result.IsNew ? DeviceEndpoints.Created(data) : Reply.Ok(data);
    }
}
