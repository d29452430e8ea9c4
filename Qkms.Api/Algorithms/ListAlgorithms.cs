using System.ComponentModel;
using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Core.Uses;

namespace Qkms.Api.Algorithms;

internal sealed record AlgorithmListResponse(
    [property: AlgorithmsField, Description("The algorithms.")] IReadOnlyList<AlgorithmResponse> Algorithms);

internal sealed record AlgorithmResponse(
    [property: AlgorithmNameField, Description("The canonical name.")] string Algorithm,
    [property: AliasesField, Description("Other accepted names.")] IReadOnlyList<string> Aliases,
    [property: KeyTypeField, Description("The key type of a JWK.")] string Kty,
    [property: Field(Words = ["enc", "sig", "kem"], MaxItems = 3)]
    [property: Description("The possible uses of a key, the default first.")]
    IReadOnlyList<string> Use,
    [property: OperationsField, Description("The operations of the algorithm.")] IReadOnlyList<string> Operations,
    [property: Field(Minimum = 1, Maximum = 5, Example = 3)]
    [property: Description("The NIST security category; null for RSA, EC and Ed25519.")]
    int? NistLevel,
    [property: Field(Minimum = 1, Example = 1184)]
    [property: Description("Length of public_key in bytes; null if it is not fixed.")]
    int? PublicKeySize,
    [property: Field(Minimum = 1, Example = 1088)]
    [property: Description("Length of the primitive's ciphertext in bytes; null if there is none.")]
    int? CiphertextSize,
    [property: Field(Minimum = 1, Example = 32)]
    [property: Description("Length of a shared secret in bytes; null if there is none.")]
    int? SharedSecretSize,
    [property: Field(Minimum = 1, Example = 3309)]
    [property: Description("Length of a signature in bytes, for EC the most that its DER can have; null if there is none.")]
    int? SignatureSize,
    [property: Field(Words = ["RECOMMENDED", "SUPPORTED", "LEGACY"]), Description("RECOMMENDED, SUPPORTED or LEGACY.")] string Status,
    [property: Description("Whether the algorithm is believed to resist quantum computers.")] bool QuantumSafe)
{
    public static AlgorithmResponse From(KeyAlgorithm algorithm) => new(
        algorithm.Name,
        algorithm.Alias is null ? [] : [algorithm.Alias],
        algorithm.Family.JwkKeyType,
        [.. algorithm.Uses.Select(use => use.ToWire())],
        [.. algorithm.Family.Operations.Select(operation => OperationNames.Of(operation).Replace('_', '-'))],
        algorithm.NistLevel,
        algorithm.PublicKeySize,
        algorithm.CiphertextSize,
        algorithm.SharedSecretSize,
        algorithm.SignatureSize,
        StatusOf(algorithm.Standing),
        algorithm.Family.IsQuantumSafe);

    private static string StatusOf(AlgorithmStanding standing) => standing switch
    {
        AlgorithmStanding.Recommended => "RECOMMENDED",
        AlgorithmStanding.Supported => "SUPPORTED",
        AlgorithmStanding.Legacy => "LEGACY",
        _ => throw new ArgumentOutOfRangeException(nameof(standing)),
    };
}

internal static class ListAlgorithms
{
    public static IEndpointRouteBuilder MapAlgorithms(this IEndpointRouteBuilder app)
    {
        app.MapGet("/kms/supported-algorithms", Handle)
            .WithTag("Algorithms", "The catalogue of algorithms.")
            .WithName("ListAlgorithms")
            .WithSummary("Lists the algorithms with their sizes, security levels and standing.");
        return app;
    }

    private static Reply<AlgorithmListResponse> Handle() =>
        Reply.Ok(new AlgorithmListResponse([.. KeyAlgorithm.All.Select(AlgorithmResponse.From)]));
}

/// <summary>The key type of a JWK.</summary>
internal sealed class KeyTypeFieldAttribute : FieldAttribute
{
    public KeyTypeFieldAttribute() => Words = [.. KeyFamily.All.Select(family => family.JwkKeyType).Distinct()];
}
