using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Qkms.Api.Pages;

/// <summary>The purpose of each group of routes.</summary>
internal sealed class TagDetails : IDocumentFilter
{
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context) => swaggerDoc.Tags = new HashSet<OpenApiTag>
    {
        new() { Name = "Keys", Description = "Generate, list, show, rotate, retire, revoke and destroy versioned keys." },
        new() { Name = "Encryption", Description = "Encrypt, decrypt and re-encrypt with any encryption key." },
        new() { Name = "KEM", Description = "Shared secrets, HPKE and key wrapping with ML-KEM keys." },
        new() { Name = "Signatures", Description = "Sign and verify with ML-DSA and RSA keys." },
        new() { Name = "Data keys", Description = "Envelope encryption: plaintext and wrapped data keys." },
        new() { Name = "Algorithms", Description = "The catalogue of algorithms." },
        new() { Name = "Health", Description = "For supervisors and load balancers. No API key needed." },
    };
}
