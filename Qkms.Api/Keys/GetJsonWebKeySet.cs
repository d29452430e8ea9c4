using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Keys;

namespace Qkms.Api.Keys;

internal sealed record GetJsonWebKeySetQuery(
    [property: FromQuery(Name = "name"), ParameterExample("demo")]
    [property: Description("The name of the logical keys. Default: 'default'.")]
    KeyNameText? Name,
    [property: FromQuery(Name = "algorithm"), Description("Only this algorithm. Default: all that have public keys.")]
    AlgorithmText? Algorithm,
    [property: FromQuery(Name = "use"), Description("Only 'enc', 'sig' or 'kem'. Default: all.")] UseText? Use);

internal sealed class GetJsonWebKeySetQueryValidator : AbstractValidator<GetJsonWebKeySetQuery>
{
    public GetJsonWebKeySetQueryValidator()
    {
        RuleFor(q => q.Name).IsKeyName();
        RuleFor(q => q.Algorithm).IsKeyAlgorithmOrAbsent();
        RuleFor(q => q.Use).IsUseOf(q => q.Algorithm);
    }
}

/// <summary>A JWK Set (RFC 7517, section 5).</summary>
internal sealed record JsonWebKeySet(
    [property: Field(MaxItems = MissingKeys.MostNamed * KeyRows.MaxReadable), Description("The public keys.")]
    IReadOnlyList<JsonWebKey> Keys);

internal static class GetJsonWebKeySet
{
    public static void MapGetJsonWebKeySet(this RouteGroupBuilder keys) =>
        keys.MapGet("/jwks", HandleAsync)
            .WithName("GetJsonWebKeySet")
            .WithSummary("Returns the public keys of a name as a JWK Set, for those who verify or encrypt without Qkms.")
            .WithDescription(
                "Of signature keys it has every version that verifies, so that signatures made before a rotation stay verifiable: at most "
                + "the newest 20 of each key. Of encryption keys it has the version to encrypt to.")
            .WithValidation<GetJsonWebKeySetQuery, GetJsonWebKeySetQueryValidator>()
            .Produces<JsonWebKeySet>(StatusCodes.Status200OK, PublicKeyFormats.JwkSet)
            .WithMetadata(new ContentMetadata("The public keys.", new MediaContent(PublicKeyFormats.JwkSet, Type: typeof(JsonWebKeySet))))
            .Refuses(KmsErrors.KeyVersionNotFound);

    private static async Task<IResult> HandleAsync(
        [AsParameters] GetJsonWebKeySetQuery query, Caller caller, KeyReader keys, CancellationToken cancellationToken)
    {
        IReadOnlyList<KeyVersion> versions = await keys.ListPublicAsync(
            caller, query.Name?.Value ?? KeyName.Default, query.Algorithm?.Value, query.Use?.Value, cancellationToken);
        return Results.Json(new JsonWebKeySet([.. versions.Select(JsonWebKey.From)]), contentType: PublicKeyFormats.JwkSet);
    }
}
