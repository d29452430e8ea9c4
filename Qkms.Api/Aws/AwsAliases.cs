namespace Qkms.Api.Aws;

/// <summary>The rules for members that name an alias, and for those that must not.</summary>
internal static class AwsAliases
{
    private const int MaxLength = 2048;

    /// <summary>The alias that a request is about.</summary>
    /// <param name="text">What the request says: <c>alias/orders</c>.</param>
    /// <param name="isReserved">Whether the names that AWS keeps for itself are refused, because one would be made.</param>
    /// <exception cref="KmsException">A ValidationException or a NotAuthorizedException, each where AWS has it.</exception>
    public static AliasName Parse(string? text, bool isReserved)
    {
        if (string.IsNullOrEmpty(text))
            throw KmsErrors.Invalid.With("'AliasName' is required.");

        if (text.Length > AliasName.MaxLength)
            throw KmsErrors.Invalid.With($"'AliasName' must have at most {AliasName.MaxLength} characters.");

        if (!text.StartsWith(AliasName.Prefix, StringComparison.Ordinal))
            throw KmsErrors.Invalid.With("'AliasName' must start with the prefix \"alias/\".");

        if (isReserved && text.StartsWith(AliasName.ReservedPrefix, StringComparison.Ordinal))
            throw AwsErrors.NotAuthorized.With("'AliasName' must not begin with \"alias/aws/\", which is reserved.");

        return AliasName.TryParse(text, out AliasName name)
            ? name
            : throw KmsErrors.Invalid.With(
                "'AliasName' contains invalid characters for an alias: letters, digits, '/', '_' and '-' may follow \"alias/\".");
    }

    /// <summary>The key that an alias is to name: by its id or ARN, and not by another alias.</summary>
    /// <exception cref="KmsException">A ValidationException; what <see cref="AwsKeys"/> throws.</exception>
    public static KeyId ParseTarget(AwsCall call, string? target)
    {
        if (string.IsNullOrEmpty(target))
            throw KmsErrors.Invalid.With("'TargetKeyId' is required.");

        if (target.Length > MaxLength)
            throw KmsErrors.Invalid.With($"'TargetKeyId' must have at most {MaxLength} characters.");

        return IsAlias(target) ? throw KmsErrors.Invalid.With("Aliases must refer to keys. Not aliases") : AwsKeys.ParseId(call, target);
    }

    /// <summary>The ARN of an alias.</summary>
    public static string ArnOf(AwsCall call, AliasName name) => $"arn:aws:kms:{call.Aws.Region}:{call.Aws.AccountId}:{name}";

    /// <summary>The answer where there is no such alias, and where there is one of a key that the access key may not know of.</summary>
    public static KmsException NotFound(AwsCall call, AliasName name) =>
        KmsErrors.KeyVersionNotFound.With($"Alias {ArnOf(call, name)} is not found.");

    private static bool IsAlias(string text) =>
        text.StartsWith(AliasName.Prefix, StringComparison.Ordinal) || text.Contains($":{AliasName.Prefix}", StringComparison.Ordinal);
}
