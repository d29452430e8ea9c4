using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Core.Algorithms;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

/// <summary>The hash function of a signature.</summary>
internal sealed class SignatureHashFieldAttribute : FieldAttribute
{
    public SignatureHashFieldAttribute() =>
        (Words, Example) = ([.. SignatureHash.All.Select(hash => hash.Name)], SignatureHash.Sha256.Name);
}

/// <summary>A hash function in a request.</summary>
/// <param name="Text">The text.</param>
/// <param name="Value">The function; null when the text is not one.</param>
[SignatureHashField]
[JsonConverter(typeof(ParsedTextConverter<SignatureHashText>))]
internal readonly record struct SignatureHashText(string Text, SignatureHash? Value) : IParsedText<SignatureHashText>
{
    public static bool TryParse(string? text, out SignatureHashText parsed)
    {
        parsed = new SignatureHashText(text ?? "", SignatureHash.TryParse(text, out SignatureHash? hash) ? hash : null);
        return true;
    }

    /// <summary>The name of the function that a key used for a message; null where its algorithm leaves no choice.</summary>
    public static string? NameFor(ChosenKey used, SignatureHash? asked) =>
        (asked ?? used.Version.Algorithm.SignatureHash)?.Name;
}

/// <summary>The rules of such fields.</summary>
internal static class SignatureHashRules
{
    public const string WrongLength = "must have the length of the hash function's output";

    private static readonly string _names = string.Join(", ", SignatureHash.All);

    public static IRuleBuilderOptions<T, SignatureHashText?> IsSignatureHash<T>(this IRuleBuilder<T, SignatureHashText?> rule) =>
        rule.Must(hash => hash is null or { Value: not null }).WithMessage($"must be one of {_names}");

    public static IRuleBuilderOptions<T, SignatureHashText?> IsGivenSignatureHash<T>(this IRuleBuilder<T, SignatureHashText?> rule) =>
        rule.Must(hash => hash is { Value: not null }).WithMessage($"is required: one of {_names}");

    /// <summary>A hash with the length of its function's output. An unknown function is reported for its own field only.</summary>
    public static IRuleBuilderOptions<T, byte[]?> IsHashOf<T>(
        this IRuleBuilder<T, byte[]?> rule, Func<T, SignatureHashText?> function) => rule
        .Must((request, hash) => hash is null || function(request)?.Value is not { } known || hash.Length == known.Length)
        .WithMessage(WrongLength);
}
