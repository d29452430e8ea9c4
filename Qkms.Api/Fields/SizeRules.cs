using FluentValidation;
using Qkms.Core.Secrets;

namespace Qkms.Api.Fields;

/// <summary>Limits for the byte strings of requests.</summary>
internal static class SizeRules
{
    /// <summary>The longest plaintext, message or ciphertext payload, in bytes.</summary>
    public const int MaxPayload = 1024 * 1024;

    /// <summary>Room for what a format adds to a payload: the encapsulated key of HPKE, a header, a tag.</summary>
    public const int MaxCiphertext = MaxPayload + 4096;

    public static IRuleBuilderOptions<T, SecretBytes?> IsAtMost<T>(this IRuleBuilder<T, SecretBytes?> rule, int length) => rule
        .Must(bytes => bytes is null || bytes.Length <= length)
        .WithMessage(TooLong(length));

    public static IRuleBuilderOptions<T, byte[]?> IsAtMost<T>(this IRuleBuilder<T, byte[]?> rule, int length) => rule
        .Must(bytes => bytes is null || bytes.Length <= length)
        .WithMessage(TooLong(length));

    /// <summary>The message for longer ones.</summary>
    public static string TooLong(int length) => $"must be at most {length} bytes";

    public static IRuleBuilderOptions<T, SecretBytes?> IsGiven<T>(this IRuleBuilder<T, SecretBytes?> rule) =>
        rule.Must(bytes => bytes is not null).WithMessage("is required: base64");

    public static IRuleBuilderOptions<T, byte[]?> IsGiven<T>(this IRuleBuilder<T, byte[]?> rule) =>
        rule.Must(bytes => bytes is not null).WithMessage("is required: base64");
}
