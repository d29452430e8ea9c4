using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Keys;
using Qkms.Core.Time;
using Qkms.Core.Uses;

namespace Qkms.Api.Keys;

internal sealed record GetActiveKeyQuery(
    [property: Required, FromQuery(Name = "algorithm"), ParameterExample("ML-KEM-768")]
    [property: Description("The algorithm: its FIPS name or an accepted alias.")]
    AlgorithmText? Algorithm,
    [property: FromQuery(Name = "name"), ParameterExample("demo")]
    [property: Description("The name of the logical key. Default: 'default'.")]
    KeyNameText? Name,
    [property: FromQuery(Name = "use")]
    [property: Description("'enc', 'sig' or 'kem', where the algorithm leaves a choice. Default: 'enc' for RSA and ML-KEM.")]
    UseText? Use) : IKeySelectorFields;

internal sealed class GetActiveKeyQueryValidator : KeySelectorValidator<GetActiveKeyQuery>;

internal static class GetActiveKey
{
    public static void MapGetActiveKey(this RouteGroupBuilder keys) =>
        keys.MapGet("/active", HandleAsync)
            .WithName("GetActiveKey")
            .WithSummary("Shows the active version of a key.")
            .WithValidation<GetActiveKeyQuery, GetActiveKeyQueryValidator>()
            .Refuses(KmsErrors.KeyVersionNotFound);

    private static async Task<KeptReply<KeyVersionResponse>> HandleAsync(
        [AsParameters] GetActiveKeyQuery query,
        Caller caller,
        VersionReader versions,
        ShownVersions shown,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        KeyVersion active = await versions.GetActiveAsync(caller, query.ToKeySelector(), cancellationToken);
        return Reply.Kept(shown.Of(active, query.Algorithm?.Text, time.GetUtcMilliseconds()));
    }
}
