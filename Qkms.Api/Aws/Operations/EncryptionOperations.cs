using System.Text.Json;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

internal sealed record EncryptRequest(
    string? KeyId,
    SecretBytes? Plaintext,
    IReadOnlyDictionary<string, string?>? EncryptionContext,
    string? EncryptionAlgorithm,
    IReadOnlyList<string>? GrantTokens,
    bool? DryRun);

internal sealed record EncryptResponse(byte[] CiphertextBlob, string KeyId, string EncryptionAlgorithm);

internal sealed record DecryptRequest(
    byte[]? CiphertextBlob,
    IReadOnlyDictionary<string, string?>? EncryptionContext,
    string? KeyId,
    string? EncryptionAlgorithm,
    IReadOnlyList<string>? GrantTokens,
    JsonElement? Recipient,
    bool? DryRun,
    IReadOnlyList<string>? DryRunModifiers);

internal sealed record DecryptResponse(SecretBytes Plaintext, string KeyId, string EncryptionAlgorithm) : IDisposable
{
    public void Dispose() => Plaintext.Dispose();
}

internal sealed record GenerateDataKeyRequest(
    string? KeyId,
    string? KeySpec,
    int? NumberOfBytes,
    IReadOnlyDictionary<string, string?>? EncryptionContext,
    IReadOnlyList<string>? GrantTokens,
    JsonElement? Recipient,
    bool? DryRun);

internal sealed record GenerateDataKeyResponse(byte[] CiphertextBlob, SecretBytes? Plaintext, string KeyId) : IDisposable
{
    public void Dispose() => Plaintext?.Dispose();
}

internal sealed record GenerateRandomRequest(int? NumberOfBytes, string? CustomKeyStoreId, JsonElement? Recipient);

internal sealed record GenerateRandomResponse(SecretBytes Plaintext) : IDisposable
{
    public void Dispose() => Plaintext.Dispose();
}

/// <summary>Operations of symmetric keys, and encryption with RSA.</summary>
internal static class EncryptionOperations
{
    private const int MaxPlaintext = 4096;
    private const int MaxRandom = 1024;

    public static void MapEncryption(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "Encrypt",
            new RequiredPermission(Permission.CryptoEncrypt),
            () => AwsJson.Default.EncryptRequest,
            () => AwsJson.Default.EncryptResponse,
            EncryptAsync);
        routes.MapOperation(
            "Decrypt",
            new RequiredPermission(Permission.CryptoDecrypt, Permission.DataKeysDecrypt),
            () => AwsJson.Default.DecryptRequest,
            () => AwsJson.Default.DecryptResponse,
            DecryptAsync);
        routes.MapOperation(
            "GenerateDataKey",
            new RequiredPermission(Permission.DataKeysGenerate),
            () => AwsJson.Default.GenerateDataKeyRequest,
            () => AwsJson.Default.GenerateDataKeyResponse,
            static (call, request) => GenerateDataKeyAsync(call, request, showsPlaintext: true));
        routes.MapOperation(
            "GenerateDataKeyWithoutPlaintext",
            new RequiredPermission(Permission.DataKeysGenerate),
            () => AwsJson.Default.GenerateDataKeyRequest,
            () => AwsJson.Default.GenerateDataKeyResponse,
            static (call, request) => GenerateDataKeyAsync(call, request, showsPlaintext: false));
        routes.MapOperation(
            "GenerateRandom",
            new RequiredPermission(Permission.DataKeysGenerate),
            () => AwsJson.Default.GenerateRandomRequest,
            () => AwsJson.Default.GenerateRandomResponse,
            GenerateRandom);
    }

    private static async ValueTask<EncryptResponse> EncryptAsync(AwsCall call, EncryptRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        SecretBytes plaintext = AwsParameters.Require(request.Plaintext, "Plaintext");
        AwsParameters.RequireLength(plaintext.Length, 1, MaxPlaintext, "Plaintext");
        EncryptionContext context = AwsParameters.ContextOf(request.EncryptionContext);
        KeyChoice choice = (await AwsKeys.FindAsync(call, request.KeyId)).For(request.DryRun);
        AwsParameters.RequireNoContext(request.EncryptionContext, choice.AlgorithmMeant);
        string algorithm = await AwsParameters.EncryptionAlgorithmOfAsync(call, choice);
        AwsParameters.RequireAlgorithm(request.EncryptionAlgorithm, algorithm);
        Used<byte[]> used = await AwsParameters.UseAsync(
            () => call.Service<Cipher>().EncryptAsync(call.Caller, choice, context, plaintext, call.Aborted));
        return new EncryptResponse(used.Result, AwsKeys.ArnOf(call, used.Key.Version.KeyId), algorithm);
    }

    private static async ValueTask<DecryptResponse> DecryptAsync(AwsCall call, DecryptRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        AwsParameters.RefuseRecipient(request.Recipient);
        AwsParameters.RefuseDryRunModifiers(request.DryRunModifiers);
        byte[] ciphertext = AwsParameters.Require(request.CiphertextBlob, "CiphertextBlob");
        AwsParameters.RequireLength(ciphertext.Length, 1, AwsCiphertext.MaxLength, "CiphertextBlob");
        EncryptionContext context = AwsParameters.ContextOf(request.EncryptionContext);
        AwsCiphertext found = await AwsCiphertext.FindAsync(
            call,
            ciphertext,
            request.KeyId,
            request.EncryptionAlgorithm,
            isDataKey => call.Caller.Require(isDataKey ? Permission.DataKeysDecrypt : Permission.CryptoDecrypt));
        AwsParameters.RequireNoContext(request.EncryptionContext, found.Choice.AlgorithmMeant);
        KeyChoice choice = found.Choice.For(request.DryRun);
        Used<SecretBytes> used = found.IsDataKey
            ? await call.Service<DataKeyIssuer>().DecryptAsync(call.Caller, choice, context, ciphertext, call.Aborted)
            : await call.Service<Cipher>().DecryptAsync(call.Caller, choice, context, ciphertext, call.Aborted);
        return new DecryptResponse(used.Result, AwsKeys.ArnOf(call, used.Key.Version.KeyId), found.Algorithm);
    }

    private static async ValueTask<GenerateDataKeyResponse> GenerateDataKeyAsync(
        AwsCall call, GenerateDataKeyRequest request, bool showsPlaintext)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        AwsParameters.RefuseRecipient(request.Recipient);
        int length = LengthOf(request);
        EncryptionContext context = AwsParameters.ContextOf(request.EncryptionContext);
        KeyChoice choice = (await AwsKeys.FindAsync(call, request.KeyId)).For(request.DryRun);
        Used<WrappedSecret> used = await AwsParameters.UseAsync(
            () => call.Service<DataKeyIssuer>().GenerateAsync(call.Caller, choice, context, length, call.Aborted));
        if (!showsPlaintext)
            used.Result.Secret.Dispose();

        return new GenerateDataKeyResponse(
            used.Result.Ciphertext,
            showsPlaintext ? used.Result.Secret : null,
            AwsKeys.ArnOf(call, used.Key.Version.KeyId));
    }

    private static ValueTask<GenerateRandomResponse> GenerateRandom(AwsCall call, GenerateRandomRequest request)
    {
        AwsParameters.RefuseRecipient(request.Recipient);
        if (request.CustomKeyStoreId is not null)
            throw AwsErrors.Unsupported.With("There are no custom key stores: leave out 'CustomKeyStoreId'.");

        int length = request.NumberOfBytes ?? throw KmsErrors.Invalid.With("'NumberOfBytes' is required.");
        AwsParameters.RequireLength(length, 1, MaxRandom, "NumberOfBytes");
        return ValueTask.FromResult(new GenerateRandomResponse(SecretBytes.Random(length)));
    }

    // Shorter ones than 16 bytes are no keys; AWS makes them.
    private static int LengthOf(GenerateDataKeyRequest request)
    {
        switch (request)
        {
            case { KeySpec: "AES_256", NumberOfBytes: null }:
                return 32;

            case { KeySpec: "AES_128", NumberOfBytes: null }:
                return 16;

            case { KeySpec: null, NumberOfBytes: { } length }:
                AwsParameters.RequireLength(length, DataKeyIssuer.MinLength, DataKeyIssuer.MaxLength, "NumberOfBytes");
                return length;

            default:
                throw KmsErrors.Invalid.With("Give either 'KeySpec', AES_256 or AES_128, or 'NumberOfBytes'.");
        }
    }
}
