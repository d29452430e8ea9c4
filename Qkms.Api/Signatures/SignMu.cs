using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Api.Encryption;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

internal sealed record SignMuRequest(
    [property: MuField]
    [property: Description("The message representative mu (FIPS 204, Algorithm 7, line 6), 64 bytes, base64. Give either this or items.")]
    byte[]? Mu,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of representatives for the same key.")]
    [property: JsonConverter(typeof(BatchConverter<SignMuItemRequest>))]
    IReadOnlyList<SignMuItemRequest?>? Items,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Sign, ofMu: true), Description("The algorithm. Default: ML-DSA-65.")]
    AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether the last version of the rotation chain signs if the kid is retired. Default: false.")]
    bool? Follow) : IKeyChoiceFields;

internal sealed record SignMuItemRequest(
    [property: Required, MuField, Description("The message representative mu, 64 bytes, base64.")] byte[]? Mu);

internal sealed class SignMuRequestValidator : KeyChoiceValidator<SignMuRequest>
{
    public SignMuRequestValidator()
    {
        RuleFor(r => r.Mu).Must((r, mu) => (mu is null) != (r.Items is null)).WithMessage(SignatureRules.NeedsOneOrItems).IsMu();
        RuleFor(r => r.Items).IsBatch((item, refuse) =>
        {
            if (item.Mu is null)
                refuse("mu", SignatureRules.Required);
            else if (item.Mu.Length != Signer.MuLength)
                refuse("mu", SignatureRules.MuLength);
        });
    }
}

internal sealed record SignMuResponse : SigningResponse
{
    [SetsRequiredMembers]
    public SignMuResponse(Used<byte[]> made, string? spelling)
        : base(made, spelling)
    {
    }

    [SetsRequiredMembers]
    public SignMuResponse(Used<IReadOnlyList<ItemOf<byte[]>>> made, string? spelling)
        : base(made, spelling)
    {
    }
}

internal static class SignMu
{
    public static void MapSignMu(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/sign-mu", HandleAsync)
            .WithName("SignMu")
            .WithSummary("Signs the message that an external mu stands for, with ML-DSA: for messages too large to send.")
            .WithDescription(
                "You compute mu from the public key, the context and the message (docs/formats.md). The signature is that of the message: "
                + "/signature/verify and every other verifier accept it.")
            .WithRequestExample($$"""{"mu":"{{MuFieldAttribute.Sample}}","algorithm":"ML-DSA-65","name":"demo"}""")
            .WithValidation<SignMuRequest, SignMuRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<SignMuResponse>> HandleAsync(
        SignMuRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm, follow: request.Follow == true);
        string? spelling = request.Algorithm?.Text;
        return request.Items is null
            ? Reply.Ok(new SignMuResponse(await signer.SignMuAsync(caller, choice, request.Mu!, cancellationToken), spelling))
            : Reply.Ok(new SignMuResponse(
                await signer.SignMuManyAsync(caller, choice, [.. request.Items.Select(item => item!.Mu!)], cancellationToken), spelling));
    }
}
