using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Macs;
using Qkms.Core.Uses;

namespace Qkms.Api.Macs;

internal sealed record VerifyMacRequest(
    [property: Required, BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The message, base64, at most 1 MB.")]
    byte[]? Message,
    [property: Required, MacField, Description("The MAC, base64.")] byte[]? Mac,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.VerifyMac), Description("The algorithm. Default: HMAC-256.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed class VerifyMacRequestValidator : KeyChoiceValidator<VerifyMacRequest>
{
    public VerifyMacRequestValidator()
    {
        RuleFor(r => r.Message).IsGiven().IsAtMost(SizeRules.MaxPayload);
        RuleFor(r => r.Mac).IsGiven();
    }
}

internal sealed record VerifyMacResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public VerifyMacResponse(Used<bool> verified, string? spelling)
        : base(verified.Key, spelling, verified.Warnings) => Valid = verified.Result;

    [Description("Whether the MAC is valid for this key and message.")]
    public bool Valid { get; }
}

internal static class VerifyMac
{
    public static void MapVerifyMac(this RouteGroupBuilder macs) =>
        macs.MapPost("/verify", HandleAsync)
            .WithName("VerifyMac")
            .WithSummary("Verifies the MAC of a message. A wrong one is no error: valid is false.")
            .WithDescription(KeyChoiceFields.OlderVersions)
            .WithRequestExample("""{"message":"aGVsbG8=","mac":"paste+from+GenerateMac++","algorithm":"HMAC-256","name":"demo"}""")
            .WithValidation<VerifyMacRequest, VerifyMacRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Reading);

    private static async Task<Reply<VerifyMacResponse>> HandleAsync(
        VerifyMacRequest request, Caller caller, MacMaker macs, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(MacEndpoints.DefaultAlgorithm);
        return Reply.Ok(new VerifyMacResponse(
            await macs.VerifyAsync(caller, choice, request.Message!, request.Mac!, cancellationToken), request.Algorithm?.Text));
    }
}
