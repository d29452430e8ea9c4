using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Keys;

namespace Qkms.Core.Administration;

/// <summary>What an API key may do.</summary>
/// <param name="Roles">Its roles.</param>
/// <param name="Permissions">The words of the operations that it is narrowed to; null = all that the roles allow.</param>
/// <param name="KeyNames">The key names that it is narrowed to; null = all.</param>
internal sealed record ApiKeyGrants(Roles Roles, IReadOnlyList<string>? Permissions, IReadOnlyList<string>? KeyNames)
{
    /// <summary>What a credential may do.</summary>
    public static ApiKeyGrants Of(Credential credential) =>
        new(credential.Roles, Administration.Words.Split(credential.Permissions), Administration.Words.Split(credential.KeyScope));

    /// <summary>The key names as a scope.</summary>
    public KeyScope Scope => KeyNames is null ? KeyScope.All : KeyScope.Of(KeyNames);

    /// <summary>Refuses to give this away to a caller who does not hold it.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotPermitted"/>.</exception>
    public void Check(Caller caller) => Grants.Check(
        caller,
        Roles,
        Permissions is null ? null : [.. Permissions.Select(Callers.Permissions.Parse).OfType<Permission>()],
        Scope);
}

/// <summary>An API key to be made.</summary>
/// <param name="Label">A text for people.</param>
/// <param name="Grants">What it may do.</param>
/// <param name="ExpiresAt">When it ends; null = never.</param>
/// <param name="Kind">The kind of credential.</param>
internal sealed record CreateApiKeyCommand(string Label, ApiKeyGrants Grants, DateTimeOffset? ExpiresAt, string Kind);

/// <summary>Words that a request may leave as they are, set, or take away.</summary>
/// <param name="IsGiven">Whether the request says anything of them.</param>
/// <param name="Words">The words; null takes the limit away.</param>
internal readonly record struct GivenWords(bool IsGiven, IReadOnlyList<string>? Words)
{
    /// <summary>The words as a row keeps them, or what stands there already.</summary>
    public string? Or(string? present) => IsGiven ? Administration.Words.Join(Words) : present;
}

/// <summary>What changes of an API key.</summary>
/// <param name="Label">The text for people; null = as it is.</param>
/// <param name="Permissions">The operations that it is narrowed to.</param>
/// <param name="KeyNames">The key names that it is narrowed to.</param>
/// <param name="ExpiresAt">When it ends.</param>
internal sealed record UpdateApiKeyCommand(
    string? Label, GivenWords Permissions, GivenWords KeyNames, Given<DateTimeOffset> ExpiresAt);
