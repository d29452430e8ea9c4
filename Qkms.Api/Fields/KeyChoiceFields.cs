using FluentValidation;
using Qkms.Core.Algorithms;
using Qkms.Core.Uses;

namespace Qkms.Api.Fields;

/// <summary>
/// The fields by which a request chooses a key: a kid; or a version number, with algorithm and name; or the active version.
/// </summary>
internal interface IKeyChoiceFields
{
    KidText? Kid { get; }

    int? KeyVersion { get; }

    AlgorithmText? Algorithm { get; }

    KeyNameText? Name { get; }
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
    /// <summary>What the description of an operation that opens or checks something says of a request without a version.</summary>
    public const string OlderVersions =
        "With `algorithm` and `name` alone, every version of the key that may be used is tried, newest first and at most 20. The response "
        + "names the one that fitted.";

    /// <param name="fields">The request.</param>
    /// <param name="defaultAlgorithm">The default if the request names neither an algorithm nor a kid.</param>
    /// <param name="follow">Whether a retired kid means the last version of its chain.</param>
    public static KeyChoice ToKeyChoice(this IKeyChoiceFields fields, KeyAlgorithm defaultAlgorithm, bool follow = false) => new()
    {
        Kid = fields.Kid?.Value,
        Version = fields.KeyVersion,
        Algorithm = fields.Algorithm?.Value,
        Name = fields.Name?.Value,
        DefaultAlgorithm = defaultAlgorithm,
        FollowSuccessors = follow,
    };
}
