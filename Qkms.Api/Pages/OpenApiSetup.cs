using System.Reflection;
using Microsoft.OpenApi;
using Qkms.Api.Envelopes;
using Qkms.Core.Secrets;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.Pages;

/// <summary>The description of the API, generated from the routes, and the page to try it.</summary>
internal static class OpenApiSetup
{
    public const string DocumentName = "v1";

    // The page's own scripts and styles, and calls back to this service; nothing from elsewhere. The hash is of the one style that
    // Swagger UI puts in by itself; when a new version of it brings another, the browser's console says so.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' "
        + "data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static WebApplicationBuilder AddQkmsOpenApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddEndpointsApiExplorer();
        builder.Services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(DocumentName, new OpenApiInfo
            {
                Title = "Qkms",
                Version = "v1",
                Description = "Self-hosted key management: versioned post-quantum (ML-KEM, ML-DSA), RSA, ECDSA, Ed25519, "
                    + "AES-256 and HMAC keys. Every route is served at '/' and, unchanged, under '/api/v1'. The requests that are filled "
                    + "in use keys named 'demo', which `dotnet run` makes at the first start; try them from top to bottom. Examples of "
                    + "public keys, ciphertexts, signatures and MACs are shortened.",
                License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" },
            });

            // Relative to the document (OpenAPI 3.1, 4.8.5): right at either prefix, and behind a proxy that adds one of its own.
            options.AddServer(new OpenApiServer { Url = "../.." });
            options.AddSecurityDefinition(EnvelopeProtocol.SchemeName, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = EnvelopeProtocol.HeaderName,
                Description = "An API key. The first start writes one to 'initial-api-key' in the data directory.",
            });
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            options.MapType<SecretBytes>(() => new OpenApiSchema { Type = JsonSchemaType.String, Format = "byte" });
            MapFieldTypes(options);
            options.OperationFilter<OperationDetails>();
            options.SchemaFilter<SchemaDetails>();
            options.DocumentFilter<TagDetails>();
            options.DocumentFilter<SharedHeaders>();
        });
        return builder;
    }

    public static WebApplication UseQkmsOpenApi(this WebApplication app)
    {
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/swagger", StringComparison.OrdinalIgnoreCase), UsePage);
        return app;
    }

    // A type that describes itself is one value in JSON, however it is made.
    private static void MapFieldTypes(SwaggerGenOptions options)
    {
        foreach (Type type in typeof(FieldAttribute).Assembly.GetTypes())
        {
            if (type.GetCustomAttribute<FieldAttribute>() is { } field)
                options.MapType(type, () => SchemaOf(field));
        }
    }

    private static OpenApiSchema SchemaOf(FieldAttribute field) => new()
    {
        Type = field.Type,
        Format = field.Format,
        Items = field.Type.HasFlag(JsonSchemaType.Array) ? new OpenApiSchema { Type = JsonSchemaType.String } : null,
    };

    private static void UsePage(IApplicationBuilder page)
    {
        page.Use((context, next) =>
        {
            if (!HttpMethods.IsGet(context.Request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                context.Response.Headers.Allow = HttpMethods.Get;
                return Task.CompletedTask;
            }

            context.Response.Headers.ContentSecurityPolicy = PagePolicy;
            return next(context);
        });
        page.UseMiddleware<OpenApiDocuments>(DocumentName);
        page.UseSwaggerUI(options =>
        {
            options.SwaggerEndpoint($"{DocumentName}/swagger.json", "Qkms v1");
            options.DocumentTitle = "Qkms";
            options.EnableTryItOutByDefault();
            options.DisplayRequestDuration();

            // Descriptions name operations by their ids.
            options.DisplayOperationId();
        });
    }
}
