using FluentValidation;
using Qkms.Core.Algorithms;

namespace Qkms.Api.Signatures;

/// <summary>The hash functions of requests.</summary>
internal static class SignatureHashFields
{
    private static readonly string _names = string.Join(", ", SignatureHash.All);

    public static IRuleBuilderOptions<T, string?> IsSignatureHash<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Must(name => name is null || SignatureHash.TryParse(name, out _)).WithMessage($"must be one of {_names}");

    public static IRuleBuilderOptions<T, string?> IsGivenSignatureHash<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Must(name => SignatureHash.TryParse(name, out _)).WithMessage($"is required: one of {_names}");

    /// <summary>A hash with the length of its function's output. An unknown function is reported for its own field only.</summary>
    public static IRuleBuilderOptions<T, byte[]?> IsHashOf<T>(this IRuleBuilder<T, byte[]?> rule, Func<T, string?> function) => rule
        .Must((request, hash) => hash is null || !SignatureHash.TryParse(function(request), out SignatureHash? known) || hash.Length == known.Length)
        .WithMessage("must have the length of the hash function's output");

    /// <summary>The function of a checked name; null without one.</summary>
    public static SignatureHash? Read(string? name) => SignatureHash.TryParse(name, out SignatureHash? hash) ? hash : null;
}
