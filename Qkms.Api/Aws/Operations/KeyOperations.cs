using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

internal sealed record DescribeKeyRequest(string? KeyId, IReadOnlyList<string>? GrantTokens);

internal sealed record DescribeKeyResponse(KeyMetadata KeyMetadata);

/// <summary>A key as DescribeKey shows it; times are seconds since 1970.</summary>
internal sealed record KeyMetadata
{
    public required string AWSAccountId { get; init; }
    public required string KeyId { get; init; }
    public required string Arn { get; init; }
    public required double CreationDate { get; init; }
    public required bool Enabled { get; init; }
    public required string Description { get; init; }
    public required string KeyUsage { get; init; }
    public required string KeyState { get; init; }
    public double? DeletionDate { get; init; }
    public required string Origin { get; init; }
    public required string KeyManager { get; init; }
    public required string KeySpec { get; init; }
    public required string CustomerMasterKeySpec { get; init; }
    public required bool MultiRegion { get; init; }
    public IReadOnlyList<string>? EncryptionAlgorithms { get; init; }
    public IReadOnlyList<string>? SigningAlgorithms { get; init; }
    public IReadOnlyList<string>? EncapsulationAlgorithms { get; init; }
    public IReadOnlyList<string>? MacAlgorithms { get; init; }
}

internal sealed record GetPublicKeyRequest(string? KeyId, IReadOnlyList<string>? GrantTokens);

internal sealed record GetPublicKeyResponse
{
    public required string KeyId { get; init; }
    public required byte[] PublicKey { get; init; }
    public required string KeySpec { get; init; }
    public required string CustomerMasterKeySpec { get; init; }
    public required string KeyUsage { get; init; }
    public IReadOnlyList<string>? EncryptionAlgorithms { get; init; }
    public IReadOnlyList<string>? SigningAlgorithms { get; init; }
    public IReadOnlyList<string>? EncapsulationAlgorithms { get; init; }
}

/// <summary>Operations that show what a key is.</summary>
internal static class KeyOperations
{
    public static void MapKeys(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "DescribeKey",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.DescribeKeyRequest,
            () => AwsJson.Default.DescribeKeyResponse,
            DescribeKeyAsync);
        routes.MapOperation(
            "GetPublicKey",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.GetPublicKeyRequest,
            () => AwsJson.Default.GetPublicKeyResponse,
            GetPublicKeyAsync);
    }

    private static async ValueTask<DescribeKeyResponse> DescribeKeyAsync(AwsCall call, DescribeKeyRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        return new DescribeKeyResponse(await MetadataOfAsync(call, await AwsKeys.GetByAnyNameAsync(call, request.KeyId)));
    }

    /// <summary>What AWS says of a key.</summary>
    public static async ValueTask<KeyMetadata> MetadataOfAsync(AwsCall call, Key key)
    {
        KeyVersion? active = key.ActiveKid is { } kid ? await call.Service<VersionReader>().GetAsync(call.Caller, kid, call.Aborted) : null;
        (KeyAlgorithm algorithm, KeyUse use) = (key.Address.Algorithm, key.Address.Use);
        return new KeyMetadata
        {
            AWSAccountId = call.Aws.AccountId,
            KeyId = key.Id.ToString(),
            Arn = AwsKeys.ArnOf(call, key.Id),
            CreationDate = AwsParameters.SecondsOf(key.CreatedAt),
            Enabled = active is not null && key.Enablement == KeyEnablement.Enabled,
            Description = key.Description ?? "",
            KeyUsage = AwsNames.KeyUsageOf(algorithm, use),
            KeyState = key.Enablement switch
            {
                KeyEnablement.PendingDeletion => "PendingDeletion",
                KeyEnablement.PendingImport => "PendingImport",
                KeyEnablement.Enabled when active is not null => "Enabled",
                KeyEnablement.Enabled => "Unavailable",
                _ => "Disabled",
            },
            DeletionDate = key.DeleteAt is { } at ? AwsParameters.SecondsOf(at) : null,
            Origin = "AWS_KMS",
            KeyManager = "CUSTOMER",
            KeySpec = AwsNames.KeySpecOf(algorithm),
            CustomerMasterKeySpec = AwsNames.KeySpecOf(algorithm),
            MultiRegion = false,
            EncryptionAlgorithms = AwsNames.EncryptionAlgorithmsOf(algorithm, use, active?.OaepHash),
            SigningAlgorithms = AwsNames.SigningAlgorithmsOf(algorithm, use),
            EncapsulationAlgorithms = AwsNames.EncapsulationAlgorithmsOf(algorithm, use),
            MacAlgorithms = AwsNames.MacAlgorithmsOf(algorithm),
        };
    }

    private static async ValueTask<GetPublicKeyResponse> GetPublicKeyAsync(AwsCall call, GetPublicKeyRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        Key key = await AwsKeys.GetByAnyNameAsync(call, request.KeyId);
        if (key.Address.Algorithm.Family.IsSymmetric)
            throw AwsErrors.Unsupported.With("A symmetric key has no public key.");

        AwsKeys.RequireEnabled(call, key);
        Kid kid = key.ActiveKid ?? throw AwsErrors.InvalidState.With("The key has no active version.");
        KeyVersion version = await call.Service<VersionReader>().GetAsync(call.Caller, kid, call.Aborted);
        return new GetPublicKeyResponse
        {
            KeyId = AwsKeys.ArnOf(call, key.Id),
            PublicKey = PublicKeyEncoding.ToSubjectPublicKeyInfo(version),
            KeySpec = AwsNames.KeySpecOf(version.Algorithm),
            CustomerMasterKeySpec = AwsNames.KeySpecOf(version.Algorithm),
            KeyUsage = AwsNames.KeyUsageOf(version.Algorithm, version.Use),
            EncryptionAlgorithms = AwsNames.EncryptionAlgorithmsOf(version.Algorithm, version.Use, version.OaepHash),
            SigningAlgorithms = AwsNames.SigningAlgorithmsOf(version.Algorithm, version.Use),
            EncapsulationAlgorithms = AwsNames.EncapsulationAlgorithmsOf(version.Algorithm, version.Use),
        };
    }
}
