using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

/// <summary>Rules for members that several operations have.</summary>
internal static class AwsParameters
{
    private const int MaxMarker = 1024;

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

    /// <summary>The same of a time that may be absent.</summary>
    public static double? SecondsOf(DateTimeOffset? time) => time is { } at ? SecondsOf(at) : null;

    /// <summary>A text for people, of a limited length.</summary>
    public static string TextOf(string text, int most, string member)
    {
        if (text.Length > most)
            throw KmsErrors.Invalid.With($"'{member}' must have at most {most} characters.");

        // PostgreSQL keeps no such text.
        return text.Contains('\0', StringComparison.Ordinal)
            ? throw KmsErrors.Invalid.With($"'{member}' must not contain the character U+0000.")
            : text;
    }

    /// <summary>What a list says of its page.</summary>
    /// <param name="limit">How many entries at most.</param>
    /// <param name="most">The most there may be.</param>
    /// <param name="usual">How many where the request does not say.</param>
    public static int LimitOf(int? limit, int most, int usual)
    {
        RequireLength(limit ?? usual, 1, most, "Limit");
        return limit ?? usual;
    }

    /// <summary>Reads a page; a marker that is none of the list is an InvalidMarkerException.</summary>
    public static async ValueTask<T> PageAsync<T>(string? marker, Func<Task<T>> read)
    {
        try
        {
            return marker is { Length: 0 or > MaxMarker } ? throw AwsErrors.InvalidMarker.Refusal() : await read();
        }
        catch (KmsException refusal) when (refusal.Details is [{ Field: "cursor" }])
        {
            throw AwsErrors.InvalidMarker.Refusal();
        }
    }

    /// <summary>The encryption context.</summary>
    public static EncryptionContext ContextOf(
        IReadOnlyDictionary<string, string?>? members, string member = "EncryptionContext") =>
        EncryptionContext.TryCreate(members, out EncryptionContext? context, out string? problem)
            ? context
            : throw KmsErrors.Invalid.With($"'{member}' {problem}.");

    /// <summary>Refuses a context beside a key that cannot bind one.</summary>
    public static void RequireNoContext(
        IReadOnlyDictionary<string, string?>? members, KeyAlgorithm algorithm, string member = "EncryptionContext")
    {
        if (members is { Count: > 0 } && !algorithm.Family.IsSymmetric)
            throw KmsErrors.Invalid.With($"'{member}' is for symmetric keys only.");
    }

    /// <summary>
    /// There are no attested recipients here. To skip the member would hand out in plaintext what its sender wants encrypted to an enclave.
    /// </summary>
    public static void RefuseRecipient(JsonElement? recipient)
    {
        if (recipient is { ValueKind: not JsonValueKind.Null })
            throw AwsErrors.Unsupported.With("Attested recipients are not supported: leave out 'Recipient'.");
    }

    /// <summary>What would leave the ciphertext out of a dry run.</summary>
    public static void RefuseDryRunModifiers(IReadOnlyList<string>? modifiers)
    {
        if (modifiers is { Count: > 0 })
            throw AwsErrors.Unsupported.With("A dry run needs the ciphertext: leave out 'DryRunModifiers'.");
    }

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

    /// <summary>The same key, and whether the request ends before it is used.</summary>
    public static KeyChoice For(this KeyChoice choice, bool? dryRun) =>
        dryRun == true ? choice with { EndsBeforeUse = AwsErrors.DryRun } : choice;

    /// <summary>The encryption algorithm of a key. That of RSA hangs on the hash that the key was made with.</summary>
    /// <exception cref="KmsException">An InvalidKeyUsageException where the key does not encrypt.</exception>
    public static async ValueTask<string> EncryptionAlgorithmOfAsync(AwsCall call, KeyChoice choice)
    {
        KeyUse use = choice.Use!.Value;
        string? oaepHash = null;
        if (choice.AlgorithmMeant.ModulusBits is not null)
        {
            KeySelector selector = new(choice.AlgorithmMeant, choice.NameMeant, use);
            KeyVersion active = await UseAsync(
                () => call.Service<VersionReader>().GetActiveAsync(call.Caller, selector, call.Aborted));
            oaepHash = active.OaepHash;
        }

        return AwsNames.EncryptionAlgorithmsOf(choice.AlgorithmMeant, use, oaepHash) is [string only]
            ? only
            : throw KmsErrors.WrongOperation.With("This key does not encrypt.");
    }

    /// <summary>The same of what has no result.</summary>
    public static async ValueTask UseAsync(Func<ValueTask> use) => await UseAsync(async () =>
    {
        await use();
        return true;
    });

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
