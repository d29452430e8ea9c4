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

    /// <summary>A hash as long as the function beside it makes it. An unknown function is blamed on its own field only.</summary>
    public static IRuleBuilderOptions<T, byte[]?> IsHashOf<T>(this IRuleBuilder<T, byte[]?> rule, Func<T, string?> function) => rule
        .Must((request, hash) => hash is null || !SignatureHash.TryParse(function(request), out SignatureHash? known) || hash.Length == known.Length)
        .WithMessage("must be as long as the hash function makes it");

    /// <summary>The function of a name that was checked; null when there is none.</summary>
    public static SignatureHash? Read(string? name) => SignatureHash.TryParse(name, out SignatureHash? hash) ? hash : null;
}
