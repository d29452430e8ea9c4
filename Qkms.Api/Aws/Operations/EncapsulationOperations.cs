using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

internal sealed record EncapsulateRequest(
    string? KeyId, string? EncapsulationAlgorithm, IReadOnlyList<string>? GrantTokens, bool? DryRun);

internal sealed record EncapsulateResponse(
    string KeyId, SecretBytes SharedSecret, byte[] SharedSecretCiphertextBlob, string EncapsulationAlgorithm) : IDisposable
{
    public void Dispose() => SharedSecret.Dispose();
}

internal sealed record DecapsulateRequest(
    string? KeyId,
    byte[]? SharedSecretCiphertextBlob,
    string? EncapsulationAlgorithm,
    IReadOnlyList<string>? GrantTokens,
    bool? DryRun);

internal sealed record DecapsulateResponse(string KeyId, SecretBytes SharedSecret, string EncapsulationAlgorithm) : IDisposable
{
    public void Dispose() => SharedSecret.Dispose();
}

/// <summary>Encapsulate and Decapsulate (FIPS 203, Algorithms 20 and 21).</summary>
internal static class EncapsulationOperations
{
    private const int MaxCiphertext = 6144;

    public static void MapEncapsulation(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "Encapsulate",
            new RequiredPermission(Permission.KemEncapsulate),
            () => AwsJson.Default.EncapsulateRequest,
            () => AwsJson.Default.EncapsulateResponse,
            EncapsulateAsync);
        routes.MapOperation(
            "Decapsulate",
            new RequiredPermission(Permission.KemDecapsulate),
            () => AwsJson.Default.DecapsulateRequest,
            () => AwsJson.Default.DecapsulateResponse,
            DecapsulateAsync);
    }

    private static async ValueTask<EncapsulateResponse> EncapsulateAsync(AwsCall call, EncapsulateRequest request)
    {
        Check(request.EncapsulationAlgorithm, request.GrantTokens);
        KeyChoice choice = (await AwsKeys.FindAsync(call, request.KeyId)).For(request.DryRun);
        Used<WrappedSecret> used = await AwsParameters.UseAsync(
            () => call.Service<KemKeys>().EncapsulateAsync(call.Caller, choice, call.Aborted));
        return new EncapsulateResponse(
            AwsKeys.ArnOf(call, used.Key.Version.KeyId), used.Result.Secret, used.Result.Ciphertext, AwsNames.Encapsulation);
    }

    private static async ValueTask<DecapsulateResponse> DecapsulateAsync(AwsCall call, DecapsulateRequest request)
    {
        Check(request.EncapsulationAlgorithm, request.GrantTokens);
        byte[] ciphertext = AwsParameters.Require(request.SharedSecretCiphertextBlob, "SharedSecretCiphertextBlob");
        AwsParameters.RequireLength(ciphertext.Length, 1, MaxCiphertext, "SharedSecretCiphertextBlob");
        KeyChoice choice = (await AwsKeys.FindAsync(call, request.KeyId)).For(request.DryRun);
        Used<SecretBytes> used = await AwsParameters.UseAsync(
            () => call.Service<KemKeys>().DecapsulateAsync(call.Caller, choice, ciphertext, call.Aborted));
        return new DecapsulateResponse(AwsKeys.ArnOf(call, used.Key.Version.KeyId), used.Result, AwsNames.Encapsulation);
    }

    private static void Check(string? algorithm, IReadOnlyList<string>? grantTokens)
    {
        AwsParameters.RefuseGrants(grantTokens);
        if (AwsParameters.Require(algorithm, "EncapsulationAlgorithm") != AwsNames.Encapsulation)
            throw KmsErrors.Invalid.With($"'EncapsulationAlgorithm' must be {AwsNames.Encapsulation}.");
    }
}
