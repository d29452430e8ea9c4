using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Macs;
using Qkms.Core.Uses;

namespace Qkms.Api.Macs;

internal sealed record GenerateMacRequest(
    [property: Required, BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The message, base64, at most 1 MB.")]
    byte[]? Message,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.GenerateMac), Description("The algorithm. Default: HMAC-256.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether the last version of the rotation chain is used if the kid is retired. Default: false.")]
    bool? Follow) : IKeyChoiceFields;

internal sealed class GenerateMacRequestValidator : KeyChoiceValidator<GenerateMacRequest>
{
    public GenerateMacRequestValidator() => RuleFor(r => r.Message).IsGiven().IsAtMost(SizeRules.MaxPayload);
}

internal sealed record GenerateMacResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public GenerateMacResponse(Used<byte[]> made, string? spelling)
        : base(made.Key, spelling, made.Warnings) => Mac = made.Result;

    [Description("The MAC, base64: 32, 48 or 64 bytes.")]
    [MacField]
    public byte[] Mac { get; }
}

internal static class GenerateMac
{
    public static void MapGenerateMac(this RouteGroupBuilder macs) =>
        macs.MapPost("/generate", HandleAsync)
            .WithName("GenerateMac")
            .WithSummary("Computes the MAC of a message: HMAC (FIPS 198-1) with the hash of the key's algorithm.")
            .WithRequestExample("""{"message":"aGVsbG8=","algorithm":"HMAC-256","name":"demo"}""")
            .WithValidation<GenerateMacRequest, GenerateMacRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<GenerateMacResponse>> HandleAsync(
        GenerateMacRequest request, Caller caller, MacMaker macs, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(MacEndpoints.DefaultAlgorithm, follow: request.Follow == true);
        return Reply.Ok(new GenerateMacResponse(
            await macs.GenerateAsync(caller, choice, request.Message!, cancellationToken), request.Algorithm?.Text));
    }
}
