using System.Diagnostics.CodeAnalysis;

namespace Qkms.Api.Http;

/// <summary>A request body that works as it is, shown in the description of the API.</summary>
internal sealed record ExampleMetadata([property: StringSyntax(StringSyntaxAttribute.Json)] string Json);

/// <summary>Adds examples to routes.</summary>
internal static class ExampleMetadataExtensions
{
    /// <summary>Adds an example of the request body.</summary>
    public static RouteHandlerBuilder WithRequestExample(
        this RouteHandlerBuilder route, [StringSyntax(StringSyntaxAttribute.Json)] string json) =>
        route.WithMetadata(new ExampleMetadata(json));
}
