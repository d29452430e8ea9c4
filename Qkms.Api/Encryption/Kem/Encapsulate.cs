using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.Kem;

internal sealed record EncapsulateRequest(
    [property: Description("The key version by its kid.")] string? Kid,
    [property: Description("The key version by its number, with algorithm and name.")] int? KeyVersion,
    [property: Description("The algorithm; ML-KEM-768 unless given.")] string? Algorithm,
    [property: Description("The name of the logical key; 'default' unless given.")] string? Name,
    [property: Description("Whether a retired kid is refused instead of its successor being used; false unless given.")] bool? Strict) : IKeyChoiceFields;

internal sealed class EncapsulateRequestValidator : KeyChoiceValidator<EncapsulateRequest>;

internal sealed record EncapsulateResponse : KeyUseResponse, IDisposable
{
    [SetsRequiredMembers]
    public EncapsulateResponse(Used<WrappedSecret> encapsulated, string? spelling)
        : base(encapsulated.Key, spelling) => (KemCiphertext, SharedSecret) = (encapsulated.Result.Ciphertext, encapsulated.Result.Secret);

    [Description("The ciphertext of FIPS 203, base64.")]
    public byte[] KemCiphertext { get; }

    [Description("The shared secret of FIPS 203, 32 bytes, base64.")]
    public SecretBytes SharedSecret { get; }

    public void Dispose() => SharedSecret.Dispose();
}

internal static class Encapsulate
{
    public static void MapEncapsulate(this RouteGroupBuilder kem) =>
        kem.MapPost("/encapsulate", HandleAsync)
            .WithName("Encapsulate")
            .WithSummary("Makes a shared secret for an ML-KEM key, and the ciphertext from which the key recovers it.")
            .WithRequestExample("""{"algorithm":"ML-KEM-768"}""")
            .WithValidation(new EncapsulateRequestValidator())
            .Requires(Permission.KemEncapsulate)
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Enveloped<EncapsulateResponse>> HandleAsync(EncapsulateRequest request, Caller caller, KemKeys keys, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(KemEndpoints.DefaultAlgorithm, follow: request.Strict != true);
        return Enveloped.Ok(new EncapsulateResponse(await keys.EncapsulateAsync(caller, choice, cancellationToken), request.Algorithm));
    }
}
