using System.Text.RegularExpressions;

namespace Qkms.Tests.Hosting;

/// <summary>What the pages tell operators to set up. The gate tries nginx and the program that they describe.</summary>
public sealed partial class DeploymentPagesTests
{
    /// <summary>F-42: nginx speaks HTTP/1.0 unless it is told otherwise, in which a POST without a body is refused.</summary>
    [Theory]
    [InlineData("hardening.md")]
    [InlineData("postgresql.md")]
    public void F42_every_proxy_of_nginx_speaks_http_1_1(string page)
    {
        string[] proxies =
            [.. Blocks().Matches(Read("docs", page)).SelectMany(block => Locations().Matches(block.Value)).Select(found => found.Value)];

        proxies.Should().NotBeEmpty().And.AllSatisfy(proxy => proxy.Should()
            .Contain("proxy_pass ").And.Contain("proxy_http_version 1.1;").And.Contain("proxy_set_header Connection \"\";"));
    }

    /// <summary>F-93: the README says how to get what the unit of systemd starts, and that a first start builds in silence.</summary>
    [Fact]
    public void F93_the_readme_publishes_what_the_unit_starts()
    {
        string readme = Read("README.md");
        string folder = Published().Match(readme).Groups["folder"].Value;

        Started().Match(Read("docs", "hardening.md")).Groups["program"].Value.Should().Be($"{folder}/Qkms.Api");
        readme.Should().MatchRegex("builds? .*minute|minute.* build");
    }

    /// <summary>The package's unit is that of the page, but for folders, the user and the file of settings.</summary>
    [Fact]
    public void The_unit_of_the_package_is_hardened_as_the_page_says()
    {
        string[] page = Settings(Unit().Match(Read("docs", "hardening.md")).Value);
        string[] package = Settings(Read("packaging", "qkms.service"));

        page.Should().HaveCountGreaterThan(30);
        page.Except(package).Should().Equal("ExecStart=/opt/qkms/Qkms.Api", "DynamicUser=yes");
        package.Except(page).Should().Equal(
            "Documentation=man:qkms(1)",
            "ExecStart=/usr/lib/qkms/Qkms.Api",
            "User=qkms",
            "Group=qkms",
            "RemoveIPC=yes", // which DynamicUser= brings along, as systemd.exec(5) says
            "EnvironmentFile=-/etc/qkms/qkms.env");
    }

    private static string[] Settings(string unit) =>
        [.. unit.Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#'))];

    private static string Read(params string[] path) => File.ReadAllText(Path.Combine([Repository.Root, .. path]));

    [GeneratedRegex("^```nginx$.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"^ *location .*?^ *\}$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Locations();

    [GeneratedRegex("^# /etc/systemd/system/qkms.service$.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Unit();

    [GeneratedRegex(@"^dotnet publish Qkms\.Api .*-o (?<folder>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Published();

    [GeneratedRegex(@"^ExecStart=(?<program>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Started();
}
