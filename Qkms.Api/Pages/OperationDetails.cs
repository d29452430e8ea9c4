using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.OpenApi;
using Qkms.Api.Envelopes;
using Qkms.Api.Idempotency;
using Qkms.Core.Idempotency;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.Pages;

/// <summary>Adds to operations the metadata of their routes: refusals with their codes, the API key, examples.</summary>
internal sealed class OperationDetails : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        bool open = metadata.OfType<IAllowAnonymous>().Any();
        operation.Security ??= [];
        if (!open)
        {
            operation.Security.Add(new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(EnvelopeProtocol.SchemeName, context.Document)] = [],
            });
        }

        NameMediaType(operation, metadata);
        AddRefusals(operation, context, metadata, open);
        AddExample(operation, metadata);
        DescribeContent(operation, context, metadata);
        RecordedAnswers.AddTo(operation);
        DescribeParameters(operation, context);
        bool takesKey = metadata.OfType<TakesIdempotencyKey>().Any();
        if (takesKey)
            AddIdempotencyKey(operation);

        bool usesKey = metadata.OfType<RefusalMetadata>().Any(m => m.Errors.Contains(KmsErrors.KeyExpired));
        AddHeaders(operation, context.Document, open, takesKey, usesKey);
    }

    private static void NameMediaType(OpenApiOperation operation, IList<object> metadata)
    {
        if (operation.RequestBody?.Content is { } content && content.Remove(ProtocolGroups.AnyType, out IOpenApiMediaType? body))
            content[metadata.OfType<BodyType>().FirstOrDefault()?.MediaType ?? EnvelopeProtocol.Json] = body;
    }

    private static void AddRefusals(OpenApiOperation operation, OperationFilterContext context, IList<object> metadata, bool open)
    {
        IOpenApiSchema envelope = context.SchemaGenerator.GenerateSchema(typeof(ErrorEnvelope), context.SchemaRepository);
        operation.Responses ??= [];
        foreach (IGrouping<int, KmsError> group in Errors(operation, metadata, open)
            .Distinct()
            .GroupBy(e => Refusals.StatusOf(e))
            .OrderBy(g => g.Key))
        {
            string status = group.Key.ToString(CultureInfo.InvariantCulture);
            operation.Responses[status] = SharedRefusals.Of(context.Document, status, [.. group], envelope);
        }
    }

    private static IEnumerable<KmsError> Errors(OpenApiOperation operation, IList<object> metadata, bool open)
    {
        yield return KmsErrors.Invalid;
        yield return KmsErrors.Internal;
        yield return HttpErrors.TooLarge;
        if (operation.RequestBody is not null)
        {
            yield return HttpErrors.TooSlow;
            yield return HttpErrors.UnsupportedMediaType;
        }

        if (!open)
        {
            yield return KmsErrors.Unauthenticated;
            yield return KmsErrors.NotPermitted;
            yield return KmsErrors.TenantSuspended;
            yield return KmsErrors.Unavailable;
        }

        foreach (KmsError error in metadata.OfType<RefusalMetadata>().SelectMany(m => m.Errors))
            yield return error;
    }

    private static void AddExample(OpenApiOperation operation, IList<object> metadata)
    {
        ExampleMetadata? example = metadata.OfType<ExampleMetadata>().FirstOrDefault();
        if (example is null || operation.RequestBody?.Content?.Values.FirstOrDefault() is not OpenApiMediaType body)
            return;

        body.Example = JsonNode.Parse(example.Json);
        AskToPaste(operation, body.Example!.AsObject().Select(PastedMember.Explain));
    }

    private static void AskToPaste(OpenApiOperation operation, IEnumerable<string?> explained)
    {
        string[] pasted = [.. explained.OfType<string>()];
        if (pasted.Length > 0)
            operation.Description = $"{operation.Description} To try it, paste {string.Join(" and ", pasted)}.".TrimStart();
    }

    private static void DescribeContent(OpenApiOperation operation, OperationFilterContext context, IList<object> metadata)
    {
        if (metadata.OfType<ContentMetadata>().FirstOrDefault() is not { } content)
            return;

        operation.Responses!["200"] = new OpenApiResponse
        {
            Description = content.Description,
            Content = content.Types.ToDictionary(type => type.MediaType, IOpenApiMediaType (type) => new OpenApiMediaType
            {
                Schema = type.Type is null
                    ? new OpenApiSchema { Type = JsonSchemaType.String, Pattern = type.Pattern, Format = type.Format }
                    : context.SchemaGenerator.GenerateSchema(type.Type, context.SchemaRepository),
            }),
        };
    }

    private static void DescribeParameters(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (OpenApiParameter parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
        {
            if (parameter.Schema is not OpenApiSchema schema || Find(context, parameter.Name) is not { } source)
                continue;

            schema.Description = null;
            parameter.Required |= source.IsDefined(typeof(RequiredAttribute), inherit: false);
            parameter.Example = source.GetCustomAttribute<ParameterExampleAttribute>()?.Value;
            AskToPaste(operation, [PastedMember.Explain(parameter.Name, parameter.Example)]);
            if (FieldDetails.Of(source, source.ParameterType) is { } field)
                FieldDetails.Describe(schema, field);
        }
    }

    private static ParameterInfo? Find(OperationFilterContext context, string? name) => context.ApiDescription.ParameterDescriptions
        .Where(parameter => parameter.Name == name)
        .Select(parameter => parameter.ParameterDescriptor)
        .OfType<IParameterInfoParameterDescriptor>()
        .FirstOrDefault()?.ParameterInfo;

    private static void AddIdempotencyKey(OpenApiOperation operation) => (operation.Parameters ??= []).Add(new OpenApiParameter
    {
        Name = IdempotencyKeys.HeaderName,
        In = ParameterLocation.Header,
        Description = "Makes the request safe to retry: within 24 hours, a repeated request with the same key does not run again and gets "
            + "the original response. Use a new UUID for each request.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[!-~]+$", MaxLength = RepeatableRequest.MaxKeyLength },
    });

    private static void AddHeaders(
        OpenApiOperation operation, OpenApiDocument document, bool open, bool takesKey, bool usesKey)
    {
        foreach ((string status, IOpenApiResponse response) in operation.Responses ?? [])
        {
            if (response is not OpenApiResponse described)
                continue;

            SharedHeaders.AddTo(described, status, document);
            if (!open && status[0] == '2')
                SharedHeaders.AddApiKeyWarning(described, document);

            if (takesKey && status[0] == '2')
                SharedHeaders.AddRepeated(described, document);

            if (usesKey && status[0] == '2')
                SharedHeaders.AddLimitWarnings(described, document);
        }
    }
}
