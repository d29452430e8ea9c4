using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.OpenApi;

/// <summary>Says what each group of routes is for.</summary>
internal sealed class TagDetails : IDocumentFilter
{
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context) => swaggerDoc.Tags = new HashSet<OpenApiTag>
    {
        new() { Name = "Keys", Description = "Generate, list, show, rotate, retire and revoke versioned keys." },
        new() { Name = "Algorithms", Description = "The catalogue of algorithms." },
        new() { Name = "Health", Description = "For supervisors and load balancers; open." },
    };
}
