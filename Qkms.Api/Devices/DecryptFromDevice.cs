using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Devices;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Devices;

internal sealed record DecryptFromDeviceRequest(
    [property: Required, Description("The kid of the key that the device encrypted to.")] KidText? Kid,
    [property: Required, BytesField(Example = Examples.Bytes)]
    [property: Description(
        "The ciphertext, base64: RSA-OAEP with the key's oaep_hash, or HPKE for ML-KEM. At most 2,048 bytes by default.")]
    byte[]? Ciphertext);

internal sealed class DecryptFromDeviceRequestValidator : AbstractValidator<DecryptFromDeviceRequest>
{
    public DecryptFromDeviceRequestValidator()
    {
        RuleFor(r => r.Kid).NotNull().WithMessage("is required").IsKid();
        RuleFor(r => r.Ciphertext).IsGiven();
    }
}

internal sealed record DecryptFromDeviceResponse(
    [property: BytesField(Example = Examples.Plaintext), Description("The plaintext, base64.")] SecretBytes Plaintext,
    [property: KidField, Description("The kid of the key that was used.")] string Kid,
    [property: AlgorithmIdField, Description("The canonical name of its algorithm.")] string Algorithm) : IDisposable
{
    public static DecryptFromDeviceResponse From(Used<SecretBytes> decrypted) =>
        new(decrypted.Result, decrypted.Key.Version.Kid.Value, decrypted.Key.Version.Algorithm.Name);

    public void Dispose() => Plaintext.Dispose();
}

internal static class DecryptFromDevice
{
    public static void MapDecryptFromDevice(this RouteGroupBuilder devices) =>
        devices.MapPost("/decrypt", HandleAsync)
            .WithName("DecryptFromDevice")
            .WithSummary("Decrypts what a device encrypted to one of its keys. Retired keys decrypt until their retention ends.")
            .WithDescription("The device encrypts with the public key from its registration: docs/devices.md shows how.")
            .WithRequestExample("""{"kid":"paste-from-RegisterDevice","ciphertext":"e0SG2/a4eShVyqI0"}""")
            .WithValidation<DecryptFromDeviceRequest, DecryptFromDeviceRequestValidator>()
            .Refuses(
                KmsErrors.KeyVersionNotFound,
                KmsErrors.KeyRevoked,
                KmsErrors.KeyExpired,
                KmsErrors.KeyDestroyed,
                KmsErrors.DecryptionFailed);

    private static async Task<Reply<DecryptFromDeviceResponse>> HandleAsync(
        [FromRoute(Name = "device_id"), DeviceIdField, ParameterExample(DeviceEndpoints.ExampleId)]
        [Description(DeviceEndpoints.DeviceIdText)] string deviceId,
        DecryptFromDeviceRequest request,
        Caller caller,
        DeviceKeys devices,
        DeviceOptions options,
        CancellationToken cancellationToken)
    {
        DeviceId id = DeviceFields.Read(deviceId);
        if (request.Ciphertext!.Length > options.MaxCiphertext)
            throw TooLarge(options.MaxCiphertext);

        return Reply.Ok(DecryptFromDeviceResponse.From(
            await devices.DecryptAsync(caller, id, request.Kid!.Value.Value!.Value, request.Ciphertext, cancellationToken)));
    }

    private static KmsException TooLarge(int longest) => HttpErrors.TooLarge.With(
        "The ciphertext is too large.", new FieldError("ciphertext", SizeRules.TooLong(longest)));
}
