using System.Diagnostics.CodeAnalysis;

namespace Qkms.Api.Http;

/// <summary>A request body that works as it stands, shown in the description of the API.</summary>
internal sealed record ExampleMetadata([property: StringSyntax(StringSyntaxAttribute.Json)] string Json);

/// <summary>Puts examples at routes.</summary>
internal static class ExampleMetadataExtensions
{
    /// <summary>Says what a request body looks like.</summary>
    public static RouteHandlerBuilder WithRequestExample(this RouteHandlerBuilder route, [StringSyntax(StringSyntaxAttribute.Json)] string json) =>
        route.WithMetadata(new ExampleMetadata(json));
}
