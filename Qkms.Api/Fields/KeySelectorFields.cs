using FluentValidation;
using Qkms.Core.Algorithms;
using Qkms.Core.Keys;

namespace Qkms.Api.Fields;

/// <summary>The fields by which every request names a logical key.</summary>
internal interface IKeySelectorFields
{
    AlgorithmText? Algorithm { get; }

    KeyNameText? Name { get; }

    UseText? Use { get; }
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
        KeyAlgorithm algorithm = fields.Algorithm?.Value!;
        return new KeySelector(algorithm, fields.Name?.Value ?? KeyName.Default, fields.Use?.Value ?? algorithm.Uses[0]);
    }
}
