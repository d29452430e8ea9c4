using System.Reflection;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Architecture;

/// <summary>docs/configuration.md has the settings that the service reads, with their defaults and ranges.</summary>
public sealed class ConfigurationPageTests
{
    private const string Rewrite = "QKMS_WRITE_DOCS";
    private const string Begin = "<!-- The settings, written by a test: begin -->\n";
    private const string End = "<!-- The settings, written by a test: end -->\n";

    // QKMS_WRITE_DOCS=1 dotnet test --filter ConfigurationPageTests writes the table anew.
    [Fact]
    public async Task The_table_has_every_setting_as_it_is_read()
    {
        string path = Path.Combine(Repository.Root, "docs", "configuration.md");
        string page = await File.ReadAllTextAsync(path);
        string[] parts = page.Split([Begin, End], StringSplitOptions.None);
        parts.Should().HaveCount(3, "the page has both marks once");
        string expected = $"{parts[0]}{Begin}\n{Table()}\n{End}{parts[2]}";
        if (Environment.GetEnvironmentVariable(Rewrite) is not null)
            await File.WriteAllTextAsync(path, expected);

        (await File.ReadAllTextAsync(path)).Should().Be(expected, $"set {Rewrite}=1 once to write it anew");
    }

    [Fact]
    public void The_catalogue_lists_every_setting_once()
    {
        FieldInfo[] all = typeof(SettingCatalogue).GetFields(BindingFlags.Public | BindingFlags.Static);
        Setting[] fields = [.. all.Select(field => field.GetValue(null)).OfType<Setting>()];

        SettingCatalogue.All.Should().BeEquivalentTo([.. fields, .. SettingCatalogue.Plans.SelectMany(plan => plan.All)]);
        SettingCatalogue.All.Select(setting => setting.Name).Should().OnlyHaveUniqueItems();
    }

    private static string Table()
    {
        string[] rows =
        [
            "| setting | environment variable | type | default | range | meaning |",
            "|---|---|---|---|---|---|",
            .. SettingCatalogue.All.Select(Row),
        ];
        return string.Join('\n', rows) + '\n';
    }

    private static string Row(Setting setting)
    {
        string standard = setting.Default is { } value ? $"`{value}`" : "none";
        return $"| `{setting.Key}` | `{setting.Variable}` | {setting.Type} | {standard} | {setting.Range} | {setting.Meaning} |";
    }
}
