using FluentValidation;
using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Core.Names;

namespace Qkms.Api.Fields;

/// <summary>The rules for fields of key requests.</summary>
internal static class KeyRules
{
    private static readonly string _algorithms = $"one of {string.Join(", ", KeyAlgorithm.AcceptedSpellings)} and occur once";

    public static IRuleBuilderOptions<T, string?> IsKeyAlgorithm<T>(this IRuleBuilder<T, string?> rule) => rule
        .NotNull().WithMessage($"is required: {_algorithms}")
        .Must(spelling => spelling is null || KeyAlgorithm.TryParse(spelling, out _)).WithMessage($"must be {_algorithms}");

    public static IRuleBuilderOptions<T, string?> IsKeyAlgorithmOrAbsent<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(spelling => spelling is null || KeyAlgorithm.TryParse(spelling, out _)).WithMessage($"must be {_algorithms}");

    public static IRuleBuilderOptions<T, string?> IsKid<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(kid => kid is null || Kid.TryParse(kid, out _))
        .WithMessage($"must be 1 to {Kid.MaxLength} letters, digits, '.', '_', '-'; it must begin with a letter or digit, and must not be all digits, contain '..' or be a word of a route");

    public static IRuleBuilderOptions<T, string?> IsKeyName<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(name => name is null || KeyName.TryParse(name, out _))
        .WithMessage($"must be 1 to {KeyName.MaxLength} letters, digits, '.', '_', '-', in segments separated by '/'");

    /// <summary>A use that the algorithm supports. An unknown algorithm is reported for its own field only.</summary>
    public static IRuleBuilderOptions<T, string?> IsUseOf<T>(this IRuleBuilder<T, string?> rule, Func<T, string?> algorithm) => rule
        .Must((request, use) => use is null || (KeyWords.ParseUse(use) is { } parsed
            && (!KeyAlgorithm.TryParse(algorithm(request), out KeyAlgorithm? known) || known.Uses.Contains(parsed))))
        .WithMessage("must be 'enc' or 'sig', and supported by the algorithm: RSA supports both, ML-KEM and AES 'enc', ML-DSA 'sig'");

    public static IRuleBuilderOptions<T, int?> IsKeyVersion<T>(this IRuleBuilder<T, int?> rule) => rule
        .Must(version => version > 0)
        .WithMessage("is required: a whole number from 1");
}
