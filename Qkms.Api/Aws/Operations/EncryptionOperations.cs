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
        Used<byte[]> used = await AwsParameters.UseAsync(
            () => call.Service<Cipher>().EncryptAsync(call.Caller, choice, context, plaintext, call.Aborted));
        string algorithm = AlgorithmOf(used.Key.Version);
        AwsParameters.RequireAlgorithm(request.EncryptionAlgorithm, algorithm);
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
        bool isBlob = BlobV1.TryReadHeader(ciphertext, out BlobPurpose purpose, out _);
        if (!isBlob && named?.Algorithm?.Family.IsSymmetric != false)
        {
            RequirePermission(call, BlobPurpose.Encryption);
            throw AwsErrors.InvalidCiphertext.Refusal();
        }

        RequirePermission(call, isBlob ? purpose : BlobPurpose.Encryption);

        // The blob says which version opens it. That it is the named key's is looked at afterwards, as it is no secret.
        KeyChoice choice = named is { } one && !one.AlgorithmMeant.Family.IsSymmetric
            ? one
            : new KeyChoice { DefaultAlgorithm = KeyAlgorithm.Aes256 };
        Used<SecretBytes> used = isBlob && purpose == BlobPurpose.DataKey
            ? await call.Service<DataKeyIssuer>().DecryptAsync(call.Caller, choice, context, ciphertext, call.Aborted)
            : await call.Service<Cipher>().DecryptAsync(call.Caller, choice, context, ciphertext, call.Aborted);
        KeyVersion version = used.Key.Version;
        if (named is { } wanted && !wanted.AgreesWith(version))
        {
            used.Withdraw();
            throw AwsErrors.IncorrectKey.Refusal();
        }

        string algorithm = AlgorithmOf(version);
        AwsParameters.RequireAlgorithm(request.EncryptionAlgorithm, algorithm, used.Withdraw);
        AwsParameters.EndDryRun(request.DryRun, used.Withdraw);
        return new DecryptResponse(used.Result, AwsKeys.ArnOf(call, version.KeyId), algorithm);
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

    private static string AlgorithmOf(KeyVersion version) =>
        AwsNames.EncryptionAlgorithmsOf(version.Algorithm, version.Use, version.OaepHash) is [string only] ? only
        : throw KmsErrors.WrongOperation.With("This key does not encrypt.");
}
