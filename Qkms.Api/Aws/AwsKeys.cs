using Qkms.Core.Aliases;
using Qkms.Core.Keys;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws;

/// <summary>
/// Finds the keys that <c>KeyId</c> names: by id, or by ARN with the account of the caller and any region; and, in operations that use or
/// describe a key, by the name or the ARN of an alias.
/// </summary>
internal static class AwsKeys
{
    private const int MaxLength = 2048;
    private const string Resource = "key/";

    /// <summary>The choice of the key that a request names, by an alias too.</summary>
    /// <exception cref="KmsException">
    /// A NotFoundException, the same for a key of another tenant, of a device, and outside the narrowing of the access key; an
    /// InvalidArnException; a ValidationException.
    /// </exception>
    /// <exception cref="Core.Sealing.SealBrokenException">A row of the key or alias is not as it was written.</exception>
    public static async ValueTask<KeyChoice> FindAsync(AwsCall call, string? keyId)
    {
        KeyId id = await ResolveAsync(call, keyId);
        KeyAddress address =
            await call.Service<KeysById>().FindAddressAsync(call.Caller, id, call.Aborted) ?? throw NotFound(call, keyId);
        return new KeyChoice
        {
            Name = address.Name,
            Algorithm = address.Algorithm,
            Use = address.Use,
            DefaultAlgorithm = address.Algorithm,
        };
    }

    /// <summary>Whether a version is one of the key that a request names; one that nobody may know of is not told from that.</summary>
    public static async ValueTask<bool> IsOfAsync(AwsCall call, string? keyId, KeyVersionId version) =>
        await call.Service<KeysById>().FindOfVersionAsync(call.Caller, version, call.Aborted) is not { } other
        || other == await ResolveAsync(call, keyId);

    /// <summary>The key that a request names by its id or ARN, as the database has it. An alias is refused, as AWS does.</summary>
    /// <exception cref="KmsException">As above.</exception>
    public static ValueTask<Key> GetAsync(AwsCall call, string? keyId) => GetAsync(call, keyId, ParseId(call, keyId));

    /// <summary>The same by an alias too.</summary>
    /// <exception cref="KmsException">As above.</exception>
    /// <exception cref="Core.Sealing.SealBrokenException">As above.</exception>
    public static async ValueTask<Key> GetByAnyNameAsync(AwsCall call, string? keyId) =>
        await GetAsync(call, keyId, await ResolveAsync(call, keyId));

    /// <summary>The ARN of a key.</summary>
    public static string ArnOf(AwsCall call, KeyId id) => $"arn:aws:kms:{call.Aws.Region}:{call.Aws.AccountId}:{Resource}{id}";

    /// <summary>The id of the key that a request names by id or ARN.</summary>
    /// <exception cref="KmsException">As above.</exception>
    public static KeyId ParseId(AwsCall call, string? keyId) => Parse(call, keyId) switch
    {
        { Id: { } id } => id,
        { Alias: not null } => throw KmsErrors.KeyVersionNotFound.With(
            $"Invalid keyId '{keyId}': this operation takes the id or the ARN of a key, and no alias."),
        _ => throw NotFound(call, keyId),
    };

    private static async ValueTask<Key> GetAsync(AwsCall call, string? keyId, KeyId id) =>
        await call.Service<KeysById>().FindAsync(call.Caller, id, call.Aborted) ?? throw NotFound(call, keyId);

    private static async ValueTask<KeyId> ResolveAsync(AwsCall call, string? keyId)
    {
        (KeyId? id, AliasName? alias) = Parse(call, keyId);
        if (alias is { } name)
            id = (await call.Service<KnownAliases>().FindAsync(call.Caller.TenantId, name, call.Aborted))?.KeyId;

        return id ?? throw NotFound(call, keyId);
    }

    // Neither where it is no name of anything.
    private static (KeyId? Id, AliasName? Alias) Parse(AwsCall call, string? keyId)
    {
        if (string.IsNullOrEmpty(keyId))
            throw KmsErrors.Invalid.With("'KeyId' is required.");

        if (keyId.Length > MaxLength)
            throw KmsErrors.Invalid.With($"'KeyId' must have at most {MaxLength} characters.");

        if (!keyId.StartsWith("arn:", StringComparison.Ordinal))
            return (ToId(keyId), ToAlias(keyId));

        if (keyId.Split(':') is not ["arn", "aws", "kms", _, { } account, { } resource])
            throw AwsErrors.InvalidArn.Refusal();

        if (account != call.Aws.AccountId)
            throw NotFound(call, keyId);

        return resource.StartsWith(Resource, StringComparison.Ordinal)
            ? (ToId(resource[Resource.Length..]), null)
            : (null, ToAlias(resource));
    }

    private static KeyId? ToId(string text) => Guid.TryParseExact(text, "D", out Guid id) ? new KeyId(id) : null;

    private static AliasName? ToAlias(string text) => AliasName.TryParse(text, out AliasName name) ? name : null;

    // One answer for a name that leads to nothing, and for one that leads to a key that the access key may not know of.
    private static KmsException NotFound(AwsCall call, string? keyId) => KmsErrors.KeyVersionNotFound.With(
        AliasName.TryParse(keyId, out AliasName name) ? $"Alias {AwsAliases.ArnOf(call, name)} is not found."
        : keyId is { Length: <= 256 } ? $"Key '{keyId}' does not exist"
        : "The key does not exist");
}
