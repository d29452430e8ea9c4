using System.Text.Json;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

internal sealed record GenerateDataKeyPairRequest(
    string? KeyId,
    string? KeyPairSpec,
    IReadOnlyDictionary<string, string?>? EncryptionContext,
    IReadOnlyList<string>? GrantTokens,
    JsonElement? Recipient,
    bool? DryRun);

internal sealed record GenerateDataKeyPairResponse(
    byte[] PrivateKeyCiphertextBlob, SecretBytes? PrivateKeyPlaintext, byte[] PublicKey, string KeyId, string KeyPairSpec) : IDisposable
{
    public void Dispose() => PrivateKeyPlaintext?.Dispose();
}

/// <summary>GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext.</summary>
internal static class DataKeyPairOperations
{
    public static void MapDataKeyPairs(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "GenerateDataKeyPair",
            new RequiredPermission(Permission.DataKeysGenerate),
            () => AwsJson.Default.GenerateDataKeyPairRequest,
            () => AwsJson.Default.GenerateDataKeyPairResponse,
            static (call, request) => GenerateAsync(call, request, showsPlaintext: true));
        routes.MapOperation(
            "GenerateDataKeyPairWithoutPlaintext",
            new RequiredPermission(Permission.DataKeysGenerate),
            () => AwsJson.Default.GenerateDataKeyPairRequest,
            () => AwsJson.Default.GenerateDataKeyPairResponse,
            static (call, request) => GenerateAsync(call, request, showsPlaintext: false));
    }

    private static async ValueTask<GenerateDataKeyPairResponse> GenerateAsync(
        AwsCall call, GenerateDataKeyPairRequest request, bool showsPlaintext)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        AwsParameters.RefuseRecipient(request.Recipient);
        string spec = AwsParameters.Require(request.KeyPairSpec, "KeyPairSpec");
        if (!AwsNames.IsDataKeyPairSpec(spec))
            throw KmsErrors.Invalid.With($"'KeyPairSpec' must be one of {string.Join(", ", AwsNames.DataKeyPairSpecs)}.");

        KeyAlgorithm algorithm = AwsNames.DataKeyPairOf(spec)
            ?? throw AwsErrors.Unsupported.With($"There are no {spec} key pairs: 'KeyPairSpec' is not supported.");
        EncryptionContext context = AwsParameters.ContextOf(request.EncryptionContext);
        KeyChoice choice = (await AwsKeys.FindAsync(call, request.KeyId)).For(request.DryRun);
        Used<DataKeyPair> used = await AwsParameters.UseAsync(
            () => call.Service<DataKeyPairIssuer>().GenerateAsync(call.Caller, choice, context, algorithm, call.Aborted));
        if (!showsPlaintext)
            used.Result.Dispose();

        return new GenerateDataKeyPairResponse(
            used.Result.Wrapped,
            showsPlaintext ? used.Result.PrivateKey : null,
            used.Result.PublicKey,
            AwsKeys.ArnOf(call, used.Key.Version.KeyId),
            spec);
    }
}
