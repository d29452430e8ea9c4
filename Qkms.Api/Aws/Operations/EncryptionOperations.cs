using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Keys;
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
    bool? DryRun);

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
    bool? DryRun);

internal sealed record GenerateDataKeyResponse(byte[] CiphertextBlob, SecretBytes? Plaintext, string KeyId) : IDisposable
{
    public void Dispose() => Plaintext?.Dispose();
}

internal sealed record GenerateRandomRequest(int? NumberOfBytes);

internal sealed record GenerateRandomResponse(SecretBytes Plaintext) : IDisposable
{
    public void Dispose() => Plaintext.Dispose();
}

/// <summary>Operations of symmetric keys, and encryption with RSA.</summary>
internal static class EncryptionOperations
{
    private const int MaxPlaintext = 4096;
    private const int MaxCiphertext = 6144;
    private const int MaxRandom = 1024;

    public static void MapEncryption(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "Encrypt",
            new RequiredPermission(Permission.CryptoEncrypt),
            AwsJson.Default.EncryptRequest,
            AwsJson.Default.EncryptResponse,
            EncryptAsync);
        routes.MapOperation(
            "Decrypt",
            new RequiredPermission(Permission.CryptoDecrypt, Permission.DataKeysDecrypt),
            AwsJson.Default.DecryptRequest,
            AwsJson.Default.DecryptResponse,
            DecryptAsync);
        routes.MapOperation(
            "GenerateDataKey",
            new RequiredPermission(Permission.DataKeysGenerate),
            AwsJson.Default.GenerateDataKeyRequest,
            AwsJson.Default.GenerateDataKeyResponse,
            static (call, request) => GenerateDataKeyAsync(call, request, showsPlaintext: true));
        routes.MapOperation(
            "GenerateDataKeyWithoutPlaintext",
            new RequiredPermission(Permission.DataKeysGenerate),
            AwsJson.Default.GenerateDataKeyRequest,
            AwsJson.Default.GenerateDataKeyResponse,
            static (call, request) => GenerateDataKeyAsync(call, request, showsPlaintext: false));
        routes.MapOperation(
            "GenerateRandom",
            new RequiredPermission(Permission.DataKeysGenerate),
            AwsJson.Default.GenerateRandomRequest,
            AwsJson.Default.GenerateRandomResponse,
            GenerateRandom);
    }

    private static async ValueTask<EncryptResponse> EncryptAsync(AwsCall call, EncryptRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        SecretBytes plaintext = AwsParameters.Require(request.Plaintext, "Plaintext");
        AwsParameters.RequireLength(plaintext.Length, 1, MaxPlaintext, "Plaintext");
        EncryptionContext context = AwsParameters.ContextOf(request.EncryptionContext);
        KeyChoice choice = await AwsKeys.FindAsync(call, request.KeyId);
        string algorithm = await AlgorithmOfAsync(call, choice);
        AwsParameters.RequireAlgorithm(request.EncryptionAlgorithm, algorithm);
        Used<byte[]> used = await AwsParameters.UseAsync(
            () => call.Service<Cipher>().EncryptAsync(call.Caller, choice, context, plaintext, call.Aborted));
        AwsParameters.EndDryRun(request.DryRun, used.Withdraw);
        return new EncryptResponse(used.Result, AwsKeys.ArnOf(call, used.Key.Version.KeyId), algorithm);
    }

    private static async ValueTask<DecryptResponse> DecryptAsync(AwsCall call, DecryptRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        byte[] ciphertext = AwsParameters.Require(request.CiphertextBlob, "CiphertextBlob");
        AwsParameters.RequireLength(ciphertext.Length, 1, MaxCiphertext, "CiphertextBlob");
        EncryptionContext context = AwsParameters.ContextOf(request.EncryptionContext);
        KeyChoice? named = request.KeyId is null ? null : await AwsKeys.FindAsync(call, request.KeyId);
        bool isBlob = BlobV1.TryReadHeader(ciphertext, out BlobPurpose purpose, out KeyVersionId version);
        RequirePermission(call, isBlob ? purpose : BlobPurpose.Encryption);
        bool isSymmetric = named?.AlgorithmMeant.Family.IsSymmetric != false;
        if (isSymmetric && !isBlob)
            throw AwsErrors.InvalidCiphertext.Refusal();

        if (named is null)
            await AwsKeys.RequireEnabledAsync(call, version);

        string algorithm = isSymmetric ? AwsNames.Symmetric : await AlgorithmOfAsync(call, named!.Value);
        AwsParameters.RequireAlgorithm(request.EncryptionAlgorithm, algorithm);
        if (isSymmetric && request.KeyId is not null && !await AwsKeys.IsOfAsync(call, request.KeyId, version))
            throw AwsErrors.IncorrectKey.Refusal();

        // A blob says itself which version opens it.
        KeyChoice choice = isSymmetric ? new KeyChoice { DefaultAlgorithm = KeyAlgorithm.Aes256 } : named!.Value;
        Used<SecretBytes> used = isSymmetric && purpose == BlobPurpose.DataKey
            ? await call.Service<DataKeyIssuer>().DecryptAsync(call.Caller, choice, context, ciphertext, call.Aborted)
            : await call.Service<Cipher>().DecryptAsync(call.Caller, choice, context, ciphertext, call.Aborted);
        AwsParameters.EndDryRun(request.DryRun, used.Withdraw);
        return new DecryptResponse(used.Result, AwsKeys.ArnOf(call, used.Key.Version.KeyId), algorithm);
    }

    private static async ValueTask<GenerateDataKeyResponse> GenerateDataKeyAsync(
        AwsCall call, GenerateDataKeyRequest request, bool showsPlaintext)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        int length = LengthOf(request);
        EncryptionContext context = AwsParameters.ContextOf(request.EncryptionContext);
        KeyChoice choice = await AwsKeys.FindAsync(call, request.KeyId);
        Used<WrappedSecret> used = await AwsParameters.UseAsync(
            () => call.Service<DataKeyIssuer>().GenerateAsync(call.Caller, choice, context, length, call.Aborted));
        AwsParameters.EndDryRun(request.DryRun, used.Withdraw);
        if (!showsPlaintext)
            used.Result.Secret.Dispose();

        return new GenerateDataKeyResponse(
            used.Result.Ciphertext,
            showsPlaintext ? used.Result.Secret : null,
            AwsKeys.ArnOf(call, used.Key.Version.KeyId));
    }

    private static ValueTask<GenerateRandomResponse> GenerateRandom(AwsCall call, GenerateRandomRequest request)
    {
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

    // Both are kms:Decrypt there; here an access key may be narrowed to one of them.
    private static void RequirePermission(AwsCall call, BlobPurpose purpose) =>
        call.Caller.Require(purpose == BlobPurpose.DataKey ? Permission.DataKeysDecrypt : Permission.CryptoDecrypt);

    // That of RSA hangs on the hash that the key was made with.
    private static async ValueTask<string> AlgorithmOfAsync(AwsCall call, KeyChoice choice)
    {
        KeyUse use = choice.Use!.Value;
        string? oaepHash = null;
        if (choice.AlgorithmMeant.ModulusBits is not null)
        {
            KeySelector selector = new(choice.AlgorithmMeant, choice.NameMeant, use);
            KeyVersion active = await AwsParameters.UseAsync(
                () => call.Service<VersionReader>().GetActiveAsync(call.Caller, selector, call.Aborted));
            oaepHash = active.OaepHash;
        }

        return AwsNames.EncryptionAlgorithmsOf(choice.AlgorithmMeant, use, oaepHash) is [string only]
            ? only
            : throw KmsErrors.WrongOperation.With("This key does not encrypt.");
    }
}
