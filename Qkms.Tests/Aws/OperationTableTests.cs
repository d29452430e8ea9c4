using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Qkms.Api.Aws;
using Qkms.Api.Http;

namespace Qkms.Tests.Aws;

/// <summary>What docs/aws.md says of the operations.</summary>
public sealed partial class OperationTableTests : SharedServiceTests
{
    /// <summary>K-06: every operation needs a permission, and stands in the page with it; the page names no other.</summary>
    [Fact]
    public void Every_operation_stands_in_the_page_with_its_permissions()
    {
        Dictionary<string, string> page = File.ReadLines(Path.Combine(Repository.Root, "docs", "aws.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|'))
            .SelectMany(cells => Words().Matches(cells[1]).Select(name => (Name: name.Groups[1].Value, Permissions: cells[2])))
            .ToDictionary(row => row.Name, row => row.Permissions);
        (string Name, RequiredPermission? Needed)[] operations =
        [
            .. App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Where(route => route.Metadata.GetMetadata<AwsTarget>()?.Operation is not null)
                .Select(route => (
                    route.Metadata.GetMetadata<AwsTarget>()!.Operation!, route.Metadata.GetMetadata<RequiredPermission>())),
        ];

        operations.Select(one => one.Name).Should().BeEquivalentTo(page.Keys);
        foreach ((string name, RequiredPermission? needed) in operations)
            page[name].Should().Contain($"`{needed!.Permission.ToWire()}`", name);
    }

    [GeneratedRegex("`([A-Za-z]+)`")]
    private static partial Regex Words();
}
