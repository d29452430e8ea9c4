using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption;

internal sealed record ReEncryptRequest(
    [property: Required, Description("The ciphertext, base64; also a wrapped data key, which stays one.")] byte[]? Ciphertext,
    [property: Description("The text that was authenticated with the ciphertext.")] Dictionary<string, string?>? Context,
    [property: Description("The key of the ciphertext by its kid. A ciphertext of an AES-256 key names its version itself.")] string? Kid,
    [property: Description("The key of the ciphertext by its number, with algorithm and name.")] int? KeyVersion,
    [property: Description("The algorithm of the key of the ciphertext; AES-256 unless given.")] string? Algorithm,
    [property: Description("The name of the key of the ciphertext; 'default' unless given.")] string? Name,
    [property: Description("The new key; the active version of the same logical key unless given.")] ReEncryptDestinationRequest? Destination) : IKeyChoiceFields;

internal sealed record ReEncryptDestinationRequest(
    [property: Description("The new key by the kid of a version.")] string? Kid,
    [property: Description("The new key by the number of a version, with algorithm and name.")] int? KeyVersion,
    [property: Description("The algorithm of the new key; AES-256 unless given.")] string? Algorithm,
    [property: Description("The name of the new key; 'default' unless given.")] string? Name,
    [property: Description("Text to authenticate with the new ciphertext; the same as before unless given.")] Dictionary<string, string?>? Context,
    [property: Description("Whether a retired kid is refused instead of its successor being used; false unless given.")] bool? Strict) : IKeyChoiceFields;

internal sealed class ReEncryptRequestValidator : KeyChoiceValidator<ReEncryptRequest>
{
    public ReEncryptRequestValidator()
    {
        RuleFor(r => r.Ciphertext).IsGiven().IsAtMost(SizeRules.MaxCiphertext);
        RuleFor(r => r.Context).IsContext();
        RuleFor(r => r.Destination!).SetValidator(new ReEncryptDestinationRequestValidator()).When(r => r.Destination is not null);
    }
}

internal sealed class ReEncryptDestinationRequestValidator : KeyChoiceValidator<ReEncryptDestinationRequest>
{
    public ReEncryptDestinationRequestValidator() => RuleFor(r => r.Context).IsContext();
}

internal sealed record ReEncryptResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public ReEncryptResponse(ChosenKey source, Used<byte[]> result, string? spelling)
        : base(result.Key, spelling) => (Ciphertext, SourceKid) = (result.Result, source.Version.Kid.Value);

    [Description("The new ciphertext, base64.")]
    public byte[] Ciphertext { get; }

    [Description("The kid of the version that opened the old one.")]
    public string SourceKid { get; }
}

internal static class ReEncrypt
{
    public static void MapReEncrypt(this RouteGroupBuilder crypto) =>
        crypto.MapPost("/re-encrypt", HandleAsync)
            .WithName("ReEncrypt")
            .WithSummary("Decrypts with one key and encrypts to another, inside the service; without a destination: to the active version of the same key.")
            .WithRequestExample("""{"ciphertext":"UUsBAQEBmPXCfR58OptU","context":{"purpose":"demo"},"destination":{"algorithm":"ML-KEM-768"}}""")
            .WithValidation(new ReEncryptRequestValidator())
            .Requires(Permission.CryptoReEncrypt)
            .Refuses([.. KeyUseRefusals.Creating, KmsErrors.DecryptionFailed]);

    private static async Task<Enveloped<ReEncryptResponse>> HandleAsync(ReEncryptRequest request, Caller caller, ReEncryption reEncryption, CancellationToken cancellationToken)
    {
        ReEncryptDestinationRequest? to = request.Destination;
        EncryptionContext context = request.Context.ToContext();
        (ChosenKey source, Used<byte[]> result) = await reEncryption.ReEncryptAsync(
            caller,
            request.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm),
            NamesKey(to) ? to.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm, follow: to.Strict != true) with { FieldPrefix = "destination." } : null,
            context,
            to?.Context?.ToContext() ?? context,
            request.Ciphertext,
            cancellationToken);
        return Enveloped.Ok(new ReEncryptResponse(source, result, to?.Algorithm));
    }

    private static bool NamesKey([NotNullWhen(true)] ReEncryptDestinationRequest? destination) =>
        destination is not null && (destination.Kid ?? destination.Algorithm ?? destination.Name) is not null || destination?.KeyVersion is not null;
}
