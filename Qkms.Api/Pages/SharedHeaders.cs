using Microsoft.OpenApi;
using Qkms.Api.Envelopes;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.Pages;

/// <summary>Headers that many responses carry, described once and referenced.</summary>
internal sealed class SharedHeaders : IDocumentFilter
{
    private const string RequestIdName = "RequestId";
    private const string LocationName = "Location";
    private const string WwwAuthenticateName = "WwwAuthenticate";
    private const string RetryAfterName = "RetryAfter";
    private const string RepeatedName = "IdempotencyReplayed";
    private const string UsageName = "KeyUsageLimitWarning";
    private const string ExpirationName = "KeyExpirationWarning";
    private const string ApiKeyName = "ApiKeyExpirationWarning";

    /// <summary>Adds the headers of responses with <paramref name="status"/>.</summary>
    public static void AddTo(OpenApiResponse response, string status, OpenApiDocument document)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>();
        response.Headers[RequestIdentity.HeaderName] = new OpenApiHeaderReference(RequestIdName, document);
        if (status == "401")
            response.Headers["WWW-Authenticate"] = new OpenApiHeaderReference(WwwAuthenticateName, document);

        if (status == "201")
            response.Headers["Location"] = new OpenApiHeaderReference(LocationName, document);

        if (status is "429" or "503")
            response.Headers["Retry-After"] = new OpenApiHeaderReference(RetryAfterName, document);
    }

    /// <summary>Adds the header of responses to repeated requests.</summary>
    public static void AddRepeated(OpenApiResponse response, OpenApiDocument document) =>
        response.Headers![IdempotencyKeys.RepeatedHeaderName] = new OpenApiHeaderReference(RepeatedName, document);

    /// <summary>Adds the headers of responses to uses of keys.</summary>
    public static void AddLimitWarnings(OpenApiResponse response, OpenApiDocument document)
    {
        response.Headers![LimitHeaders.UsageName] = new OpenApiHeaderReference(UsageName, document);
        response.Headers![LimitHeaders.ExpirationName] = new OpenApiHeaderReference(ExpirationName, document);
    }

    /// <summary>Adds the header of responses to callers with an API key.</summary>
    public static void AddApiKeyWarning(OpenApiResponse response, OpenApiDocument document) =>
        response.Headers![ApiKeyHeaders.ExpirationName] = new OpenApiHeaderReference(ApiKeyName, document);

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        LocationMetadata location = context.ApiDescriptions
            .SelectMany(route => route.ActionDescriptor.EndpointMetadata.OfType<LocationMetadata>())
            .First();
        swaggerDoc.Components ??= new OpenApiComponents();
        swaggerDoc.Components.Headers = new Dictionary<string, IOpenApiHeader>
        {
            [RequestIdName] = Text(
                $"The id of the request: the caller's {RequestIdentity.HeaderName} if it is a UUID, otherwise a new one.",
                "uuid",
                Examples.RequestId),
            [LocationName] = Text(location.Description, "uri-reference", location.Example),
            [WwwAuthenticateName] = new OpenApiHeader
            {
                Description = "How to authenticate (RFC 9110, 11.6.1).",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^ApiKey " },
                Example = "ApiKey realm=\"qkms\", header=\"x-api-key\"",
                Required = true,
            },
            [RetryAfterName] = new OpenApiHeader
            {
                Description = "Seconds to wait before retrying.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" },
                Example = 2,
                Required = true,
            },
            [UsageName] = new OpenApiHeader
            {
                Description = "Present from the soft usage limit of the version on: a dictionary of RFC 9651. If several versions were "
                    + "used, the one with the fewest uses left.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^used=[0-9]+; soft=[0-9]+" },
                Example = $"used=95; soft=90; max=100; kid=\"{KidFieldAttribute.Current}\"",
            },
            [ExpirationName] = new OpenApiHeader
            {
                Description = "Present from the soft expiry of the version on: a dictionary of RFC 9651. If several versions were used, "
                    + "the one that expires first. seconds is what is left until then.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^soft=\"[0-9TZ:.-]+\"" },
                Example = $"soft=\"{Examples.Time}\"; expires=\"{Examples.LaterTime}\"; seconds=315532800; "
                    + $"kid=\"{KidFieldAttribute.Current}\"",
            },
            [ApiKeyName] = new OpenApiHeader
            {
                Description = "Present in every response, refusals too, from 14 days before the API key of the request ends: a dictionary "
                    + "of RFC 9651. seconds is what is left until then.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^expires=\"[0-9TZ:.-]+\"; seconds=[0-9]+$" },
                Example = $"expires=\"{Examples.LaterTime}\"; seconds=1209600",
            },
            [RepeatedName] = new OpenApiHeader
            {
                Description = "Present only if the same request already ran with this Idempotency-Key: this is the original response, with "
                    + "an id and a time of its own.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["true"] },
                Example = "true",
            },
        };
    }

    private static OpenApiHeader Text(string description, string format, string example) =>
        new()
        {
            Description = description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = format },
            Example = example,
            Required = true
        };
}
