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

internal sealed record VerifyMuRequest(
    [property: MuField]
    [property: Description("The message representative mu (FIPS 204, Algorithm 7, line 6), 64 bytes, base64. Give either this or items.")]
    byte[]? Mu,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of representatives with their signatures.")]
    [property: JsonConverter(typeof(BatchConverter<VerifyMuItemRequest>))]
    IReadOnlyList<VerifyMuItemRequest?>? Items,
    [property: SignatureField, Description("The signature, base64. Give either this or items.")] byte[]? Signature,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Verify, ofMu: true), Description("The algorithm. Default: ML-DSA-65.")]
    AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed record VerifyMuItemRequest(
    [property: Required, MuField, Description("The message representative mu, 64 bytes, base64.")] byte[]? Mu,
    [property: Required, SignatureField, Description("The signature, base64.")] byte[]? Signature);

internal sealed class VerifyMuRequestValidator : KeyChoiceValidator<VerifyMuRequest>
{
    public VerifyMuRequestValidator()
    {
        RuleFor(r => r.Mu).Must((r, mu) => (mu is null) != (r.Items is null)).WithMessage(SignatureRules.NeedsOneOrItems).IsMu();
        RuleFor(r => r.Signature)
            .Must((r, signature) => (signature is null) != (r.Items is null)).WithMessage(SignatureRules.NeedsOneOrItems);
        RuleFor(r => r.Items).IsBatch((item, refuse) =>
        {
            if (item.Mu is null)
                refuse("mu", SignatureRules.Required);
            else if (item.Mu.Length != Signer.MuLength)
                refuse("mu", SignatureRules.MuLength);
            else if (item.Signature is null)
                refuse("signature", SignatureRules.Required);
        });
    }
}

internal sealed record VerifyMuResponse : VerifyingResponse
{
    [SetsRequiredMembers]
    public VerifyMuResponse(Used<bool> verified, string? spelling)
        : base(verified, spelling)
    {
    }

    [SetsRequiredMembers]
    public VerifyMuResponse(IReadOnlyList<ItemOf<Used<bool>>> verified)
        : base(verified)
    {
    }
}

internal static class VerifyMu
{
    public static void MapVerifyMu(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/verify-mu", HandleAsync)
            .WithName("VerifyMu")
            .WithSummary("Verifies the signature of a message that an external mu stands for. A wrong one is no error: valid is false.")
            .WithDescription(KeyChoiceFields.OlderVersions)
            .WithRequestExample(
                $$"""
                {
                  "mu":"{{MuFieldAttribute.Sample}}",
                  "signature":"paste+from+SignMu+++",
                  "algorithm":"ML-DSA-65",
                  "name":"demo"
                }
                """)
            .WithValidation<VerifyMuRequest, VerifyMuRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Reading);

    private static async Task<Reply<VerifyMuResponse>> HandleAsync(
        VerifyMuRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm);
        if (request.Items is null)
        {
            return Reply.Ok(new VerifyMuResponse(
                await signer.VerifyMuAsync(caller, choice, request.Mu!, request.Signature!, cancellationToken), request.Algorithm?.Text));
        }

        (byte[], byte[])[] items = [.. request.Items.Select(item => (item!.Mu!, item.Signature!))];
        return Reply.Ok(new VerifyMuResponse(await signer.VerifyMuManyAsync(caller, choice, items, cancellationToken)));
    }
}
