using Qkms.Api.Aws.Operations;

namespace Qkms.Api.Aws;

/// <summary>The set-up of the protocol.</summary>
internal static class AwsServices
{
    public static WebApplicationBuilder AddQkmsAws(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<AwsProtocol>();
        builder.Services.AddSingleton<MatcherPolicy, AwsTargetPolicy>();
        return builder;
    }

    /// <summary>Maps the operations.</summary>
    public static void MapAws(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder routes = app.MapGroup("").Speaks(app.ServiceProvider.GetRequiredService<AwsProtocol>());
        routes.MapKeys();
        routes.MapAliases();
        routes.MapTags();
        routes.MapEncryption();
        routes.MapSigning();
        routes.MapMacs();
        routes.MapEncapsulation();
        routes.MapUnknownOperations();
    }
}
