using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Qkms.Api.Http;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.OpenApi;

/// <summary>Headers that many answers carry, described once and referred to.</summary>
internal sealed class SharedHeaders : IDocumentFilter
{
    private const string RequestIdName = "RequestId";
    private const string LocationName = "Location";
    private const string WwwAuthenticateName = "WwwAuthenticate";
    private const string RetryAfterName = "RetryAfter";

    public static IOpenApiHeader RequestId(OpenApiDocument document) => new OpenApiHeaderReference(RequestIdName, document);

    public static IOpenApiHeader Location(OpenApiDocument document) => new OpenApiHeaderReference(LocationName, document);

    public static IOpenApiHeader WwwAuthenticate(OpenApiDocument document) => new OpenApiHeaderReference(WwwAuthenticateName, document);

    public static IOpenApiHeader RetryAfter(OpenApiDocument document) => new OpenApiHeaderReference(RetryAfterName, document);

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.Components ??= new OpenApiComponents();
        swaggerDoc.Components.Headers = new Dictionary<string, IOpenApiHeader>
        {
            [RequestIdName] = Text($"The request's id: the caller's {RequestIdentity.HeaderName} if it was a UUID, else a fresh one.", "uuid", FieldExamples.Of("request_id")!),
            [LocationName] = Text("Where the new version is shown.", "uri-reference", $"/kms/keys/{FieldExamples.Of("kid")}"),
            [WwwAuthenticateName] = new OpenApiHeader
            {
                Description = "How to authenticate (RFC 9110, 11.6.1).",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^ApiKey " },
                Example = "ApiKey realm=\"qkms\", header=\"x-api-key\"",
            },
            [RetryAfterName] = new OpenApiHeader
            {
                Description = "Seconds to wait before trying again.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" },
                Example = 2,
            },
        };
    }

    private static OpenApiHeader Text(string description, string format, JsonNode example) =>
        new() { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = format }, Example = example };
}
