using System.Diagnostics.CodeAnalysis;
using Qkms.Core.Algorithms;

namespace Qkms.Api.Aws.Operations;

/// <summary>Rules for members that several operations have.</summary>
internal static class AwsParameters
{
    /// <summary>A member that must be there.</summary>
    public static T Require<T>([NotNull] T? value, string member)
        where T : class => value ?? throw KmsErrors.Invalid.With($"'{member}' is required.");

    /// <summary>Refuses a length out of bounds.</summary>
    public static void RequireLength(int length, int least, int most, string member)
    {
        if (length < least || length > most)
            throw KmsErrors.Invalid.With($"'{member}' must be from {least} to {most}.");
    }

    /// <summary>A time as AWS writes it: seconds since 1970.</summary>
    public static double SecondsOf(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    /// <summary>What a list says of its page.</summary>
    /// <param name="limit">How many entries at most.</param>
    /// <param name="most">The most there may be.</param>
    /// <param name="usual">How many where the request does not say.</param>
    public static int LimitOf(int? limit, int most, int usual)
    {
        RequireLength(limit ?? usual, 1, most, "Limit");
        return limit ?? usual;
    }

    /// <summary>The encryption context.</summary>
    public static EncryptionContext ContextOf(IReadOnlyDictionary<string, string?>? members) =>
        EncryptionContext.TryCreate(members, out EncryptionContext? context, out string? problem)
            ? context
            : throw KmsErrors.Invalid.With($"'EncryptionContext' {problem}.");

    /// <summary>There are no grants here, so nobody can have a token of one.</summary>
    public static void RefuseGrants(IReadOnlyList<string>? tokens)
    {
        if (tokens is { Count: > 0 })
            throw AwsErrors.Unsupported.With("Grants are not supported: leave out 'GrantTokens'.");
    }

    /// <summary>Refuses another algorithm than the key's.</summary>
    public static void RequireAlgorithm(string? named, string algorithm)
    {
        if (named is not null && named != algorithm)
            throw KmsErrors.WrongOperation.With($"This key is for {algorithm}.");
    }

    /// <summary>Ends a request whose result nobody wants.</summary>
    public static void EndDryRun(bool? dryRun, Action withdraw)
    {
        if (dryRun != true)
            return;

        withdraw();
        throw AwsErrors.DryRun.Refusal();
    }

    /// <summary>Uses a key that is there: that no version of it can be used now is a matter of its state.</summary>
    public static async ValueTask<T> UseAsync<T>(Func<ValueTask<T>> use)
    {
        try
        {
            return await use();
        }
        catch (KmsException missing) when (missing.Error == KmsErrors.KeyVersionNotFound)
        {
            throw AwsErrors.InvalidState.With("The key has no active version.");
        }
    }
}
