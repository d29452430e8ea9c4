using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.Pages;

/// <summary>The purpose of each group of routes, in the order in which they are mapped.</summary>
internal sealed class TagDetails : IDocumentFilter
{
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context) => swaggerDoc.Tags = context.ApiDescriptions
        .SelectMany(route => route.ActionDescriptor.EndpointMetadata.OfType<TagMetadata>())
        .Distinct()
        .Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description })
        .ToHashSet();
}
