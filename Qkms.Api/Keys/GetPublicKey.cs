using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Installation;
using Qkms.Core.Keys;
using VersionReader = Qkms.Core.Uses.VersionReader;

namespace Qkms.Api.Keys;

internal sealed record GetPublicKeyQuery(
    [property: FromRoute(Name = "kid"), KidField, ParameterExample(DemoKeys.RetiredKid), Description("The kid of the version.")] string Kid,
    [property: FromQuery(Name = "format"), PublicKeyFormatField, ParameterExample("pem")]
    [property: Description("pem, der or jwk. Takes precedence over the Accept header.")]
    string? Format);

internal sealed class GetPublicKeyQueryValidator : AbstractValidator<GetPublicKeyQuery>
{
    public GetPublicKeyQueryValidator() =>
        RuleFor(q => q.Format)
            .Must(format => format is null || PublicKeyFormats.ByName.ContainsKey(format))
            .WithMessage("must be one of pem, der, jwk");
}

internal static class GetPublicKey
{
    public static void MapGetPublicKey(this RouteGroupBuilder keys) =>
        keys.MapGet("/{kid}/public-key", HandleAsync)
            .WithName("GetPublicKey")
            .WithSummary("Returns the public key of a version in any status: SubjectPublicKeyInfo as PEM or DER, or a JWK.")
            .WithValidation<GetPublicKeyQuery, GetPublicKeyQueryValidator>()
            .Produces<string>(StatusCodes.Status200OK, PublicKeyFormats.Pem)
            .WithMetadata(new ContentMetadata(
                "The public key.",
                new MediaContent(PublicKeyFormats.Pem, Pattern: "^-----BEGIN PUBLIC KEY-----"),
                new MediaContent(PublicKeyFormats.Der, Format: "binary"),
                new MediaContent(PublicKeyFormats.Jwk, Type: typeof(JsonWebKey))))
            .Refuses(KmsErrors.KeyVersionNotFound, HttpErrors.NotAcceptable, KmsErrors.WrongOperation);

    private static async Task<IResult> HandleAsync(
        [AsParameters] GetPublicKeyQuery query,
        HttpRequest request,
        Caller caller,
        VersionReader versions,
        CancellationToken cancellationToken)
    {
        string mediaType = query.Format is null
            ? PublicKeyFormats.Negotiate(request.GetTypedHeaders().Accept)
            : PublicKeyFormats.ByName[query.Format];
        KeyVersion version = await versions.GetAsync(caller, KeyPath.ToKid(query.Kid), cancellationToken);
        return mediaType switch
        {
            PublicKeyFormats.Der => Results.Bytes(PublicKeyEncoding.ToSubjectPublicKeyInfo(version), mediaType),
            PublicKeyFormats.Jwk => Results.Json(JsonWebKey.From(version), contentType: mediaType),
            _ => Results.Text(PublicKeyEncoding.ToPem(version), mediaType),
        };
    }
}
