using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace Qkms.Api.Pages;

/// <summary>
/// Serves the description of the API, as JSON and as YAML. Everybody may ask for it, so it is made once, when somebody first does; a client
/// that has it is told so (RFC 9110, 13.1.2).
/// </summary>
internal sealed class OpenApiDocuments(RequestDelegate next, ISwaggerProvider generator, string documentName)
{
    private readonly Lazy<Files> _files = new(() => Files.Of(generator.GetSwagger(documentName)));

    public Task InvokeAsync(HttpContext context)
    {
        PathString folder = $"/swagger/{documentName}";
        if (!context.Request.Path.StartsWithSegments(folder, StringComparison.OrdinalIgnoreCase, out PathString name))
            return next(context);

        return name.Value?.ToUpperInvariant() switch
        {
            "/SWAGGER.JSON" => WriteAsync(context, _files.Value.Json),
            "/SWAGGER.YAML" or "/SWAGGER.YML" => WriteAsync(context, _files.Value.Yaml),
            _ => next(context),
        };
    }

    private static Task WriteAsync(HttpContext context, Document file)
    {
        context.Response.Headers.ETag = file.Tag;

        // May be kept, and is asked for again before it is used: another version of the service has another one.
        context.Response.Headers.CacheControl = "no-cache";
        if (HasNewest(context.Request.Headers.IfNoneMatch, file.Tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        context.Response.ContentType = file.MediaType;
        context.Response.ContentLength = file.Bytes.Length;
        return context.Response.Body.WriteAsync(file.Bytes, context.RequestAborted).AsTask();
    }

    private static bool HasNewest(StringValues header, string tag) =>
        EntityTagHeaderValue.TryParseList(header, out IList<EntityTagHeaderValue>? tags)
        && tags.Any(known => known.Equals(EntityTagHeaderValue.Any)
            || known.Compare(EntityTagHeaderValue.Parse(tag), useStrongComparison: false));

    private sealed record Document(string MediaType, byte[] Bytes, string Tag)
    {
        public static Document Of(string mediaType, string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            return new Document(mediaType, bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..16])}\"");
        }
    }

    private sealed record Files(Document Json, Document Yaml)
    {
        public static Files Of(OpenApiDocument document)
        {
            using StringWriter json = new(CultureInfo.InvariantCulture);
            document.SerializeAsV31(new OpenApiJsonWriter(json));
            using StringWriter yaml = new(CultureInfo.InvariantCulture);
            document.SerializeAsV31(new OpenApiYamlWriter(yaml));
            return new Files(
                Document.Of("application/json;charset=utf-8", json.ToString()), Document.Of("text/yaml;charset=utf-8", yaml.ToString()));
        }
    }
}
