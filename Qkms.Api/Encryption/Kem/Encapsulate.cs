using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.Kem;

internal sealed record EncapsulateRequest(
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Encapsulate), Description("The algorithm. Default: ML-KEM-768.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether to refuse a retired kid instead of using its successor. Default: false.")]
    bool? Strict) : IKeyChoiceFields;

internal sealed class EncapsulateRequestValidator : KeyChoiceValidator<EncapsulateRequest>;

internal sealed record EncapsulateResponse : KeyUseResponse, IDisposable
{
    [SetsRequiredMembers]
    public EncapsulateResponse(Used<WrappedSecret> encapsulated, string? spelling)
        : base(encapsulated.Key, spelling) => (KemCiphertext, SharedSecret) = (encapsulated.Result.Ciphertext, encapsulated.Result.Secret);

    [Description("The ML-KEM ciphertext (FIPS 203), base64.")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Bytes)]
    public byte[] KemCiphertext { get; }

    [Description("The shared secret (FIPS 203), 32 bytes, base64.")]
    [SharedSecretField]
    public SecretBytes SharedSecret { get; }

    public void Dispose() => SharedSecret.Dispose();
}

internal static class Encapsulate
{
    public static void MapEncapsulate(this RouteGroupBuilder kem) =>
        kem.MapPost("/encapsulate", HandleAsync)
            .WithName("Encapsulate")
            .WithSummary("Generates a shared secret, and the ciphertext from which the ML-KEM key recovers it.")
            .WithRequestExample("""{"algorithm":"ML-KEM-768","name":"demo"}""")
            .WithValidation<EncapsulateRequest, EncapsulateRequestValidator>()
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<EncapsulateResponse>> HandleAsync(
        EncapsulateRequest request, Caller caller, KemKeys keys, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(KemEndpoints.DefaultAlgorithm, follow: request.Strict != true);
        return Reply.Ok(new EncapsulateResponse(await keys.EncapsulateAsync(caller, choice, cancellationToken), request.Algorithm?.Text));
    }
}
