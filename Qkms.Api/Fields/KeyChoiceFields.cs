using FluentValidation;
using Qkms.Core.Algorithms;
using Qkms.Core.Names;
using Qkms.Core.Uses;

namespace Qkms.Api.Fields;

/// <summary>The fields by which a request chooses a key: a kid; or a version number, with algorithm and name; or the active version.</summary>
internal interface IKeyChoiceFields
{
    string? Kid { get; }

    int? KeyVersion { get; }

    string? Algorithm { get; }

    string? Name { get; }
}

/// <summary>Checks those fields; requests that have more add their own rules.</summary>
internal abstract class KeyChoiceValidator<T> : AbstractValidator<T>
    where T : IKeyChoiceFields
{
    protected KeyChoiceValidator()
    {
        RuleFor(r => r.Kid).IsKid();
        RuleFor(r => r.KeyVersion).Must(version => version is null or > 0).WithMessage("must be a whole number from 1");
        RuleFor(r => r.Algorithm).IsKeyAlgorithmOrAbsent();
        RuleFor(r => r.Name).IsKeyName();
    }
}

/// <summary>Reads those fields after the check.</summary>
internal static class KeyChoiceFields
{
    /// <param name="fields">The request.</param>
    /// <param name="defaultAlgorithm">The default if the request names neither an algorithm nor a kid.</param>
    /// <param name="follow">Whether a retired kid means the last version of its chain.</param>
    public static KeyChoice ToKeyChoice(this IKeyChoiceFields fields, KeyAlgorithm defaultAlgorithm, bool follow = false) => new()
    {
        Kid = Kid.TryParse(fields.Kid, out Kid kid) ? kid : null,
        Version = fields.KeyVersion,
        Algorithm = KeyAlgorithm.TryParse(fields.Algorithm, out KeyAlgorithm? algorithm) ? algorithm : null,
        Name = KeyName.TryParse(fields.Name, out KeyName name) ? name : null,
        DefaultAlgorithm = defaultAlgorithm,
        FollowSuccessors = follow,
    };
}
