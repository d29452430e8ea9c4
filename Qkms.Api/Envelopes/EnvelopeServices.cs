using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Qkms.Api.Envelopes;

/// <summary>The set-up of the envelope, which is also spoken where no route matched.</summary>
internal static class EnvelopeServices
{
    public static WebApplicationBuilder AddQkmsEnvelope(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ApiKeyHeaderEncoding>();
        builder.Services.AddOptions<KestrelServerOptions>()
            .Configure<ApiKeyHeaderEncoding>((options, encoding) =>
                options.RequestHeaderEncodingSelector = name => encoding.Select(name) ?? ContentLengthEncoding.Select(name));
        builder.Services.AddSingleton<Protocol, EnvelopeProtocol>();
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, ErrorJson.Default));
        return builder;
    }
}

/// <summary>The body of refusals, as JSON.</summary>
[JsonSerializable(typeof(ErrorEnvelope))]
internal sealed partial class ErrorJson : JsonSerializerContext;
