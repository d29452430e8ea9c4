using Qkms.Api.Hosting;

namespace Qkms.Tests.Architecture;

/// <summary>docs/permissions.md has the table of routes and permissions that the service uses.</summary>
public sealed class PermissionsPageTests
{
    private const string Rewrite = "QKMS_WRITE_DOCS";
    private const string Begin = "<!-- The tables, written by a test: begin -->\n";
    private const string End = "<!-- The tables, written by a test: end -->\n";

    // QKMS_WRITE_DOCS=1 dotnet test --filter PermissionsPageTests writes the tables anew.
    /// <summary>K-06: the page is the table.</summary>
    [Fact]
    public async Task The_page_has_every_route_and_permission_as_they_are_used()
    {
        string path = Path.Combine(Repository.Root, "docs", "permissions.md");
        string page = await File.ReadAllTextAsync(path);
        string[] parts = page.Split([Begin, End], StringSplitOptions.None);
        parts.Should().HaveCount(3, "the page has both marks once");
        string expected = $"{parts[0]}{Begin}\n{Tables()}\n{End}{parts[2]}";
        if (Environment.GetEnvironmentVariable(Rewrite) is not null)
            await File.WriteAllTextAsync(path, expected);

        (await File.ReadAllTextAsync(path)).Should().Be(expected, $"set {Rewrite}=1 once to write it anew");
    }

    private static string Tables() => string.Join(
        '\n',
        [
            "| route | permission | `operator` | `admin` | `user` | `auditor` |",
            "|---|---|---|---|---|---|",
            .. RoutePermissions.All.Select(RouteRow),
            "",
            "## Permissions",
            "",
            "| permission | allows |",
            "|---|---|",
            .. Permissions.All.Select(row => $"| `{row.Word}` | {row.Meaning} |"),
            "",
        ]);

    private static string RouteRow(RoutePermission route)
    {
        string name = $"`{route.Verb} {route.Path}`";
        if (route.Permission is not { } needed)
            return $"| {name} | none, and no API key | yes | yes | yes | yes |";

        Roles[] columns = [Roles.Operator, Roles.Admin, Roles.User, Roles.Auditor];
        return $"| {name} | `{needed.ToWire()}` |{string.Concat(columns.Select(Cell))}";

        string Cell(Roles role) => Permissions.Of(role).Contains(needed) ? " yes |" : " |";
    }
}
