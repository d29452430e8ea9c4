using FluentValidation;
using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Core.Names;

namespace Qkms.Api.Fields;

/// <summary>The fields by which every request names a logical key.</summary>
internal interface IKeySelectorFields
{
    string? Algorithm { get; }

    string? Name { get; }

    string? Use { get; }
}

/// <summary>Checks those fields; requests that have more add their own rules.</summary>
internal abstract class KeySelectorValidator<T> : AbstractValidator<T>
    where T : IKeySelectorFields
{
    protected KeySelectorValidator()
    {
        RuleFor(r => r.Algorithm).IsKeyAlgorithm();
        RuleFor(r => r.Name).IsKeyName();
        RuleFor(r => r.Use).IsUseOf(r => r.Algorithm);
    }
}

/// <summary>Reads those fields after the check.</summary>
internal static class KeySelectorFields
{
    public static KeySelector ToKeySelector(this IKeySelectorFields fields)
    {
        KeyAlgorithm algorithm = KeyAlgorithm.TryParse(fields.Algorithm, out KeyAlgorithm? known)
            ? known
            : throw new InvalidOperationException("The request was not validated.");
        return new KeySelector(
            algorithm,
            KeyName.TryParse(fields.Name, out KeyName name) ? name : KeyName.Default,
            KeyWords.ParseUse(fields.Use) ?? algorithm.Uses[0]);
    }
}
