using Qkms.Core.Keys;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws;

/// <summary>Finds the keys that <c>KeyId</c> names: by id, or by ARN with the account of the caller and any region.</summary>
internal static class AwsKeys
{
    private const int MaxLength = 2048;
    private const string Resource = "key/";

    /// <summary>The choice of the key that a request names, which is to be used.</summary>
    /// <exception cref="KmsException">
    /// A DisabledException or KMSInvalidStateException of a key that is not enabled. A NotFoundException, the same for a key of another
    /// tenant, of a device, and outside the narrowing of the access key; an
    /// InvalidArnException; a ValidationException.
    /// </exception>
    public static async ValueTask<KeyChoice> FindAsync(AwsCall call, string? keyId)
    {
        KeyId id = ParseId(call, keyId);
        KeyAddress address = await call.Service<KeysById>().FindAddressAsync(call.Caller, id, call.Aborted) ?? throw NotFound(keyId);
        Key? key = await call.Service<KeyStateCache>().FindKeyAsync(address, call.Aborted);
        if (key is null or { IsGone: true })
            throw NotFound(keyId);

        RequireEnabled(call, key);
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
        await call.Service<KeysById>().FindOfVersionAsync(call.Caller, version, call.Aborted) is not { Id: var other }
        || other == ParseId(call, keyId);

    /// <summary>Refuses the use of a version whose key is not enabled; one that nobody may know of is not told from others.</summary>
    /// <exception cref="KmsException">As above.</exception>
    public static async ValueTask RequireEnabledAsync(AwsCall call, KeyVersionId version)
    {
        if (await call.Service<KeysById>().FindOfVersionAsync(call.Caller, version, call.Aborted) is not { } key)
            return;

        if (key.IsGone)
            throw NotFound(key.Id.ToString());

        RequireEnabled(call, key);
    }

    /// <summary>Refuses the use of a key that is not enabled, in the words of AWS.</summary>
    /// <exception cref="KmsException">A DisabledException or KMSInvalidStateException.</exception>
    public static void RequireEnabled(AwsCall call, Key key)
    {
        // For the log and the journal of refusals.
        call.Caller.Touch(key.Address.Algorithm, key.Address.Use);
        call.Caller.Asked = new AskedKey(null, Version: null, key.Address.Name, key.Address.Algorithm.Name);
        if (key.Enablement == KeyEnablement.PendingDeletion)
            throw PendingDeletion(call, key.Id);

        if (key.Enablement != KeyEnablement.Enabled)
            throw KmsErrors.KeyDisabled.With($"{ArnOf(call, key.Id)} is disabled.");
    }

    /// <summary>The refusal of what a key cannot do that waits for its deletion.</summary>
    public static KmsException PendingDeletion(AwsCall call, KeyId id) =>
        AwsErrors.InvalidState.With($"{ArnOf(call, id)} is pending deletion.");

    /// <summary>Changes the key that a request names as a whole.</summary>
    /// <exception cref="KmsException">A NotFoundException as above, or a KMSInvalidStateException.</exception>
    public static async ValueTask<Key> ChangeAsync(AwsCall call, string? keyId, Func<KeyId, Task<Key>> change)
    {
        KeyId id = ParseId(call, keyId);
        try
        {
            return await change(id);
        }
        catch (KmsException refusal) when (refusal.Error == KmsErrors.KeyVersionNotFound)
        {
            throw NotFound(keyId);
        }
        catch (KmsException refusal) when (refusal.Error == KmsErrors.KeyDestroyed)
        {
            throw PendingDeletion(call, id);
        }
        catch (KmsException refusal) when (refusal.Error == KmsErrors.KeyChanged)
        {
            throw AwsErrors.InvalidState.With($"{ArnOf(call, id)} is not pending deletion.");
        }
    }

    /// <summary>The key that a request names, as the database has it.</summary>
    /// <exception cref="KmsException">As above.</exception>
    public static async ValueTask<Key> GetAsync(AwsCall call, string? keyId) =>
        await call.Service<KeysById>().FindAsync(call.Caller, ParseId(call, keyId), call.Aborted) ?? throw NotFound(keyId);

    /// <summary>The ARN of a key.</summary>
    public static string ArnOf(AwsCall call, KeyId id) => $"arn:aws:kms:{call.Aws.Region}:{call.Aws.AccountId}:{Resource}{id}";

    private static KeyId ParseId(AwsCall call, string? keyId)
    {
        if (string.IsNullOrEmpty(keyId))
            throw KmsErrors.Invalid.With("'KeyId' is required.");

        if (keyId.Length > MaxLength)
            throw KmsErrors.Invalid.With($"'KeyId' must have at most {MaxLength} characters.");

        string id = keyId;
        if (keyId.StartsWith("arn:", StringComparison.Ordinal))
        {
            if (keyId.Split(':') is not ["arn", "aws", "kms", _, { } account, { } resource])
                throw AwsErrors.InvalidArn.Refusal();

            if (account != call.Aws.AccountId || !resource.StartsWith(Resource, StringComparison.Ordinal))
                throw NotFound(keyId);

            id = resource[Resource.Length..];
        }

        return Guid.TryParseExact(id, "D", out Guid parsed) ? new KeyId(parsed) : throw NotFound(keyId);
    }

    private static KmsException NotFound(string? keyId) =>
        KmsErrors.KeyVersionNotFound.With(keyId is { Length: <= 256 } ? $"Key '{keyId}' does not exist" : "The key does not exist");
}
