using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Aws.Operations;

internal sealed record CreateKeyRequest(
    string? Policy,
    string? Description,
    string? KeyUsage,
    string? CustomerMasterKeySpec,
    string? KeySpec,
    string? Origin,
    string? CustomKeyStoreId,
    string? XksKeyId,
    bool? BypassPolicyLockoutSafetyCheck,
    IReadOnlyList<AwsTag?>? Tags,
    bool? MultiRegion);

internal sealed record CreateKeyResponse(KeyMetadata KeyMetadata);

/// <summary>CreateKey: what POST /kms/keys/generate does, of a key whose name is its id.</summary>
internal static class CreationOperations
{
    private const string OwnOrigin = "AWS_KMS";
    private const string Encryption = "ENCRYPT_DECRYPT";

    private static readonly string[] _origins = [OwnOrigin, "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];
    private static readonly string[] _usages =
        [Encryption, "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "ENCAPSULATE_DECAPSULATE", "KEY_AGREEMENT"];

    public static void MapCreation(this RouteGroupBuilder routes) => routes.MapOperation(
        "CreateKey",
        new RequiredPermission(Permission.KeysGenerate),
        () => AwsJson.Default.CreateKeyRequest,
        () => AwsJson.Default.CreateKeyResponse,
        CreateKeyAsync);

    private static async ValueTask<CreateKeyResponse> CreateKeyAsync(AwsCall call, CreateKeyRequest request)
    {
        (KeyAlgorithm algorithm, KeyUse use) = KindOf(request);
        string description = AwsParameters.TextOf(request.Description ?? "", WholeKeys.MaxDescriptionLength, "Description");
        RequireOwnMaterial(request);
        RequireDefaultPolicy(call, request.Policy);
        IReadOnlyDictionary<string, string>? tags = TagsOf(call, request.Tags);
        KeyId id = call.Service<NewKeys>().NextId();
        GenerateKeyCommand command = new(
            new KeySelector(algorithm, NameOf(call.Caller, id), use),
            algorithm.Name,
            Kid: null,
            algorithm.Family.TakesOaepHash(use) ? OaepHash.Default : null,
            new KeyLimitChanges())
        {
            Id = id,
            Description = description.Length == 0 ? null : description,
            Tags = tags,
        };
        await GenerateAsync(call, command);
        return new CreateKeyResponse(await KeyOperations.MetadataOfAsync(call, await AwsKeys.GetAsync(call, id.ToString())));
    }

    private static async Task GenerateAsync(AwsCall call, GenerateKeyCommand command)
    {
        try
        {
            await call.Service<KeyLifecycle>().GenerateAsync(call.Caller, command, request: null, call.Aborted);
        }
        catch (KmsException busy) when (busy.Error == KmsErrors.Unavailable && busy.RetryAfter is not null)
        {
            // Too many keys are being generated: nothing was done, and clients try again.
            throw AwsErrors.Throttled.With(busy.Message);
        }
    }

    // Nobody has such a name yet. An access key that is limited to one folder makes its keys there; others that are limited make none.
    private static KeyName NameOf(Caller caller, KeyId id)
    {
        string folder = caller.Access.Scope.Folders is [string only] ? only : "";
        return KeyName.TryParse($"{folder}{id}", out KeyName name) || KeyName.TryParse(id.ToString(), out name)
            ? name
            : throw new InvalidOperationException("An id is a name.");
    }

    private static (KeyAlgorithm Algorithm, KeyUse Use) KindOf(CreateKeyRequest request)
    {
        if (request is { KeySpec: { } now, CustomerMasterKeySpec: { } before } && now != before)
            throw KmsErrors.Invalid.With("'KeySpec' and 'CustomerMasterKeySpec' disagree: leave the latter out.");

        (string member, string spec) = request.KeySpec is null && request.CustomerMasterKeySpec is { } former
            ? ("CustomerMasterKeySpec", former)
            : ("KeySpec", request.KeySpec ?? AwsNames.Symmetric);
        if (AwsNames.IsOtherSpec(spec))
            throw AwsErrors.Unsupported.With($"Keys of '{member}' {spec} are not supported.");

        KeyAlgorithm algorithm = AwsNames.AlgorithmOf(spec) ?? throw KmsErrors.Invalid.With(
            $"'{member}' must be one of {string.Join(", ", KeyAlgorithm.All.Select(AwsNames.KeySpecOf))}.");
        string usage = request.KeyUsage
            ?? (spec == AwsNames.Symmetric ? Encryption : throw KmsErrors.Invalid.With($"'KeyUsage' is required for keys of {spec}."));
        if (!_usages.Contains(usage))
            throw KmsErrors.Invalid.With($"'KeyUsage' must be one of {string.Join(", ", _usages)}.");

        if (usage == "KEY_AGREEMENT")
            throw AwsErrors.Unsupported.With("'KeyUsage' KEY_AGREEMENT is not supported.");

        return AwsNames.UseOf(algorithm, usage) is { } use
            ? (algorithm, use)
            : throw KmsErrors.Invalid.With($"'KeyUsage' {usage} is not compatible with keys of {spec}.");
    }

    // As with AWS, who gives a key tags needs the permission to tag as well.
    private static IReadOnlyDictionary<string, string>? TagsOf(AwsCall call, IReadOnlyList<AwsTag?>? tags)
    {
        if (tags is not { Count: > 0 })
            return null;

        call.Caller.Require(Permission.KeysUpdate);
        return AwsTags.Parse(tags);
    }

    private static void RequireOwnMaterial(CreateKeyRequest request)
    {
        if (request.Origin is { } origin && !_origins.Contains(origin))
            throw KmsErrors.Invalid.With($"'Origin' must be one of {string.Join(", ", _origins)}.");

        if ((request.Origin ?? OwnOrigin) != OwnOrigin)
            throw AwsErrors.Unsupported.With($"'Origin' must be {OwnOrigin}: keys are made by the service.");

        if (request.CustomKeyStoreId is not null || request.XksKeyId is not null)
            throw AwsErrors.Unsupported.With("Custom key stores are not supported: leave out 'CustomKeyStoreId' and 'XksKeyId'.");

        if (request.MultiRegion == true)
            throw AwsErrors.Unsupported.With("Multi-Region keys are not supported: leave out 'MultiRegion'.");
    }

    // Who may do what is said by roles, permissions and key names of access keys; the default policy of AWS says no more than that.
    private static void RequireDefaultPolicy(AwsCall call, string? policy)
    {
        if (policy is null)
            return;

        if (!DefaultPolicy.Is(policy, call))
            throw AwsErrors.Unsupported.With(
                "Key policies other than the default one are not supported: leave out 'Policy', and limit access keys instead.");
    }
}
