using System.ComponentModel;
using System.Globalization;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Installation;
using Qkms.Core.Keys;
using Qkms.Core.Time;
using Qkms.Core.Uses;

namespace Qkms.Api.Keys;

internal sealed record GetKeyQuery(
    [property: FromRoute(Name = "key"), KidOrNumberField, ParameterExample(DemoKeys.RetiredKid)]
    [property: Description("A kid, or a version number together with 'algorithm'.")]
    string Key,
    [property: FromQuery(Name = "algorithm"), Description("The algorithm. Required with a number.")] AlgorithmText? Algorithm,
    [property: FromQuery(Name = "name"), Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: FromQuery(Name = "use")]
    [property: Description("'enc', 'sig' or 'kem', where the algorithm leaves a choice. Default: 'enc' for RSA and ML-KEM.")]
    UseText? Use) : IKeySelectorFields
{
    // Kids are never digits only, so that the two cannot be confused.
    internal bool IsNumber => Key.All(char.IsAsciiDigit);

    // A number of more digits than an int has names no version.
    internal int? Number =>
        int.TryParse(Key, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : null;
}

internal sealed class GetKeyQueryValidator : AbstractValidator<GetKeyQuery>
{
    public GetKeyQueryValidator()
    {
        RuleFor(q => q.Algorithm).IsKeyAlgorithm().When(q => q.IsNumber || q.Algorithm is not null);
        RuleFor(q => q.Name).IsKeyName();
        RuleFor(q => q.Use).IsUseOf(q => q.Algorithm);
    }
}

internal static class GetKey
{
    public const string RouteName = "GetKey";

    public static void MapGetKey(this RouteGroupBuilder keys) =>
        keys.MapGet("/{key}", HandleAsync)
            .WithName(RouteName)
            .WithSummary("Shows one key version by its kid, or by its number with algorithm and name.")
            .WithValidation<GetKeyQuery, GetKeyQueryValidator>()
            .Refuses(KmsErrors.KeyVersionNotFound);

    private static async Task<KeptReply<KeyVersionResponse>> HandleAsync(
        [AsParameters] GetKeyQuery query,
        Caller caller,
        VersionReader versions,
        ShownVersions shown,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        KeyVersion version = query.IsNumber
            ? await GetByNumberAsync(query, caller, versions, cancellationToken)
            : await GetByKidAsync(query, caller, versions, cancellationToken);
        return Reply.Kept(shown.Of(version, query.Algorithm?.Text, time.GetUtcMilliseconds()));
    }

    private static async Task<KeyVersion> GetByNumberAsync(
        GetKeyQuery query, Caller caller, VersionReader versions, CancellationToken cancellationToken)
    {
        int number = query.Number ?? throw KmsErrors.KeyVersionNotFound.Refusal();
        return await versions.GetAsync(caller, query.ToKeySelector(), number, cancellationToken);
    }

    private static async Task<KeyVersion> GetByKidAsync(
        GetKeyQuery query, Caller caller, VersionReader versions, CancellationToken cancellationToken)
    {
        KeyVersion version = await versions.GetAsync(caller, KeyPath.ToKid(query.Key), cancellationToken);
        RefuseDisagreement("algorithm", query.Algorithm is not { } algorithm || version.Algorithm == algorithm.Value);
        RefuseDisagreement("name", query.Name is not { } name || version.Address.Name == name.Value);
        RefuseDisagreement("use", query.Use is not { } use || version.Use == use.Value);
        return version;
    }

    private static void RefuseDisagreement(string field, bool agrees)
    {
        if (!agrees)
            throw KmsErrors.Invalid.With(
                $"'{field}' does not match the version that the kid names.",
                new FieldError(field, "does not match the version that the kid names"));
    }
}
