using FluentValidation;
using Qkms.Core.Algorithms;

namespace Qkms.Api.Fields;

/// <summary>The rules for fields of key requests.</summary>
internal static class KeyRules
{
    private static readonly string _algorithms = $"one of {string.Join(", ", KeyAlgorithm.AcceptedSpellings)} and occur once";

    public static IRuleBuilderOptions<T, AlgorithmText?> IsKeyAlgorithm<T>(this IRuleBuilder<T, AlgorithmText?> rule) => rule
        .NotNull().WithMessage($"is required: {_algorithms}")
        .Must(algorithm => algorithm is null or { Value: not null }).WithMessage($"must be {_algorithms}");

    public static IRuleBuilderOptions<T, AlgorithmText?> IsKeyAlgorithmOrAbsent<T>(this IRuleBuilder<T, AlgorithmText?> rule) => rule
        .Must(algorithm => algorithm is null or { Value: not null }).WithMessage($"must be {_algorithms}");

    public static IRuleBuilderOptions<T, KidText?> IsKid<T>(this IRuleBuilder<T, KidText?> rule) => rule
        .Must(kid => kid is null or { Value: not null })
        .WithMessage(
            $"must be 1 to {Kid.MaxLength} letters, digits, '.', '_', '-'; it must begin with a letter or digit, and must not be all "
            + "digits, contain '..' or be a word of a route");

    public static IRuleBuilderOptions<T, KeyNameText?> IsKeyName<T>(this IRuleBuilder<T, KeyNameText?> rule) => rule
        .Must(name => name is null or { Value: not null })
        .WithMessage($"must be 1 to {KeyName.MaxLength} letters, digits, '.', '_', '-', in segments separated by '/'");

    /// <summary>A use that the algorithm supports. An unknown algorithm is reported for its own field only.</summary>
    public static IRuleBuilderOptions<T, UseText?> IsUseOf<T>(
        this IRuleBuilder<T, UseText?> rule, Func<T, AlgorithmText?> algorithm) => rule
        .Must((request, use) => use is null || (use.Value.Value is { } known && algorithm(request)?.Value?.Uses.Contains(known) != false))
        .WithMessage(
            "must be 'enc', 'sig' or 'kem', and supported by the algorithm: RSA supports 'enc' and 'sig', ML-KEM 'enc' and 'kem', "
            + "AES 'enc', ML-DSA, EC, Ed25519 and HMAC 'sig'");

    public static IRuleBuilderOptions<T, int?> IsKeyVersion<T>(this IRuleBuilder<T, int?> rule) => rule
        .Must(version => version > 0)
        .WithMessage("is required: a whole number from 1");
}
