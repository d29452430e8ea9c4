using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Qkms.Api.Pages;

/// <summary>Refusals, which most operations share. Each set of codes is described once, each code has one example, and operations reference them.</summary>
internal static class SharedRefusals
{
    /// <summary>A reference to the response with these codes. The first call describes it.</summary>
    public static OpenApiResponseReference Of(OpenApiDocument document, string status, KmsError[] errors, IOpenApiSchema envelope)
    {
        string name = NameOf(status, errors);
        if (document.Components?.Responses?.ContainsKey(name) != true)
            document.AddComponent<IOpenApiResponse>(name, Describe(document, status, errors, envelope));

        return new OpenApiResponseReference(name, document);
    }

    // As in 409.KMS_004.KMS_009.
    private static string NameOf(string status, KmsError[] errors) =>
        string.Join('.', errors.Select(error => error.Code["ERR_".Length..]).Prepend(status));

    private static OpenApiResponse Describe(OpenApiDocument document, string status, KmsError[] errors, IOpenApiSchema envelope)
    {
        OpenApiResponse response = new()
        {
            Description = string.Join("\n", errors.Select(e => $"`{e.Code}` {e.Message}")),
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/json"] = new OpenApiMediaType { Schema = envelope, Examples = errors.ToDictionary(e => e.Code, IOpenApiExample (e) => ExampleOf(document, e)) },
            },
        };
        SharedHeaders.AddTo(response, status, document);
        return response;
    }

    private static OpenApiExampleReference ExampleOf(OpenApiDocument document, KmsError error)
    {
        if (document.Components?.Examples?.ContainsKey(error.Code) != true)
            document.AddComponent<IOpenApiExample>(error.Code, Example(error));

        return new OpenApiExampleReference(error.Code, document);
    }

    private static OpenApiExample Example(KmsError error) => new()
    {
        Value = new JsonObject
        {
            ["error"] = new JsonObject { ["error_code"] = error.Code, ["message"] = error.Message, ["details"] = new JsonArray() },
            ["request_id"] = Examples.RequestId,
            ["timestamp"] = Examples.Time,
        },
    };
}
