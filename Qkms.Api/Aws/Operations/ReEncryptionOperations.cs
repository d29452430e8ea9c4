using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

internal sealed record ReEncryptRequest(
    byte[]? CiphertextBlob,
    string? SourceKeyId,
    IReadOnlyDictionary<string, string?>? SourceEncryptionContext,
    string? SourceEncryptionAlgorithm,
    string? DestinationKeyId,
    IReadOnlyDictionary<string, string?>? DestinationEncryptionContext,
    string? DestinationEncryptionAlgorithm,
    IReadOnlyList<string>? GrantTokens,
    bool? DryRun,
    IReadOnlyList<string>? DryRunModifiers);

internal sealed record ReEncryptResponse(
    byte[] CiphertextBlob,
    string SourceKeyId,
    string KeyId,
    string SourceEncryptionAlgorithm,
    string DestinationEncryptionAlgorithm);

/// <summary>ReEncrypt: the plaintext stays in the service, and a data key stays one.</summary>
internal static class ReEncryptionOperations
{
    private const string SourceContext = "SourceEncryptionContext";
    private const string DestinationContext = "DestinationEncryptionContext";

    public static void MapReEncryption(this RouteGroupBuilder routes) =>
        routes.MapOperation(
            "ReEncrypt",
            new RequiredPermission(Permission.CryptoReEncrypt),
            () => AwsJson.Default.ReEncryptRequest,
            () => AwsJson.Default.ReEncryptResponse,
            ReEncryptAsync);

    private static async ValueTask<ReEncryptResponse> ReEncryptAsync(AwsCall call, ReEncryptRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        AwsParameters.RefuseDryRunModifiers(request.DryRunModifiers);
        byte[] ciphertext = AwsParameters.Require(request.CiphertextBlob, "CiphertextBlob");
        AwsParameters.RequireLength(ciphertext.Length, 1, AwsCiphertext.MaxLength, "CiphertextBlob");
        AwsParameters.Require(request.DestinationKeyId, "DestinationKeyId");
        EncryptionContext sourceContext = AwsParameters.ContextOf(request.SourceEncryptionContext, SourceContext);

        // Absent is no context, and not that of the source: it is what Decrypt will be asked with.
        EncryptionContext context = AwsParameters.ContextOf(request.DestinationEncryptionContext, DestinationContext);
        AwsCiphertext source = await AwsCiphertext.FindAsync(
            call, ciphertext, request.SourceKeyId, request.SourceEncryptionAlgorithm, isDataKey => RequireBoth(call, isDataKey));
        AwsParameters.RequireNoContext(request.SourceEncryptionContext, source.Choice.AlgorithmMeant, SourceContext);
        KeyChoice destination = await AwsKeys.FindAsync(call, request.DestinationKeyId);
        string algorithm = await AwsParameters.EncryptionAlgorithmOfAsync(call, destination);
        AwsParameters.RequireAlgorithm(request.DestinationEncryptionAlgorithm, algorithm);
        if (source.IsDataKey && !destination.AlgorithmMeant.Family.IsSymmetric)
            throw KmsErrors.WrongOperation.With("A data key moves to a symmetric key only.");

        AwsParameters.RequireNoContext(request.DestinationEncryptionContext, destination.AlgorithmMeant, DestinationContext);
        ReEncryption reEncryption = call.Service<ReEncryption>();
        if (request.DryRun == true)
        {
            await AwsParameters.UseAsync(
                () => reEncryption.RequireMovableAsync(call.Caller, source.Choice, destination, ciphertext, call.Aborted));
            throw AwsErrors.DryRun.Refusal();
        }

        ReEncrypted moved = await AwsParameters.UseAsync(() => reEncryption.ReEncryptAsync(
            call.Caller,
            source.Choice,
            destination,
            new MovedCiphertext(ciphertext, new Authenticated(sourceContext, Aad: null), IsWrappedKey: false),
            new Authenticated(context, Aad: null),
            call.Aborted));
        return new ReEncryptResponse(
            moved.Result.Result,
            AwsKeys.ArnOf(call, moved.Source.Version.KeyId),
            AwsKeys.ArnOf(call, moved.Result.Key.Version.KeyId),
            source.Algorithm,
            algorithm);
    }

    // To move a ciphertext to a key of one's own is to open it, and to make one is to vouch for what it holds.
    private static void RequireBoth(AwsCall call, bool isDataKey)
    {
        call.Caller.Require(isDataKey ? Permission.DataKeysDecrypt : Permission.CryptoDecrypt);
        call.Caller.Require(isDataKey ? Permission.DataKeysGenerate : Permission.CryptoEncrypt);
    }
}
