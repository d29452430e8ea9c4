using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Options;

namespace Qkms.Tests.Support;

/// <summary>
/// Decodes headers as Kestrel does where the service gives it an encoding for them: TestServer passes on the text that a test sent.
/// </summary>
internal sealed class KestrelHeaders(IServer server, IOptions<KestrelServerOptions> options) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (server is TestServer)
        {
            app.Use((HttpContext context, RequestDelegate rest) =>
            {
                Decode(context.Request.Headers);
                return rest(context);
            });
        }

        next(app);
    };

    private void Decode(IHeaderDictionary headers)
    {
        foreach (string name in headers.Keys.ToArray())
        {
            if (options.Value.RequestHeaderEncodingSelector(name) is { } encoding)
                headers[name] = headers[name].Select(value => encoding.GetString((ReadOnlySpan<byte>)Encoding.UTF8.GetBytes(value!)))
                    .ToArray();
        }
    }
}
