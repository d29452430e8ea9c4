using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Devices;
using Qkms.Core.Idempotency;

namespace Qkms.Api.Devices;

internal sealed record RevokeDeviceKeyRequest(
    [property: Field(Pattern = "^[^\\u0000]*$", MaxLength = DeviceKeys.MaxReasonLength, Example = "The phone was stolen.")]
    [property: Description("The reason, recorded in the journal.")]
    string? Reason);

internal sealed class RevokeDeviceKeyRequestValidator : AbstractValidator<RevokeDeviceKeyRequest>
{
    public RevokeDeviceKeyRequestValidator() => RuleFor(r => r.Reason).IsReason(DeviceKeys.MaxReasonLength);
}

internal static class RevokeDeviceKey
{
    public static void MapRevokeDeviceKey(this RouteGroupBuilder devices) =>
        devices.MapPost("/keys/{kid}/actions/revoke", HandleAsync)
            .WithName("RevokeDeviceKey")
            .WithSummary("Revokes a device's key for good: it decrypts no more.")
            .WithRequestExample("""{"reason":"The phone was stolen."}""")
            .WithOptionalValidation<RevokeDeviceKeyRequest, RevokeDeviceKeyRequestValidator>()
            .Refuses(KmsErrors.KeyVersionNotFound, KmsErrors.KeyDestroyed, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<NoContent> HandleAsync(
        [FromRoute(Name = "device_id"), DeviceIdField, ParameterExample(DeviceEndpoints.ExampleId)]
        [Description(DeviceEndpoints.DeviceIdText)] string deviceId,
        [KidField, ParameterExample(DeviceEndpoints.PastedKid), Description("The kid of the key.")] string kid,
        RevokeDeviceKeyRequest? request,
        Caller caller,
        DeviceKeys devices,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        DeviceId id = DeviceFields.Read(deviceId);
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done done = await devices.RevokeAsync(caller, id, KeyPath.ToKid(kid), request?.Reason, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return TypedResults.NoContent();
    }
}
