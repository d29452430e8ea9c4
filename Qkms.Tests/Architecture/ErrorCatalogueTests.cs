using System.Reflection;
using System.Text.RegularExpressions;
using Qkms.Api.Http;

namespace Qkms.Tests.Architecture;

public sealed partial class ErrorCatalogueTests
{
    // Q-06
    [Fact]
    public void Every_refusal_is_in_the_catalogue_once()
    {
        KmsError[] fields =
            [.. typeof(KmsErrors).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => f.GetValue(null)).OfType<KmsError>()];

        KmsErrors.All.Should().BeEquivalentTo(fields);
        KmsErrors.All.Select(e => e.Code).Should().OnlyHaveUniqueItems().And.OnlyContain(code => CodeShape().IsMatch(code));
        foreach (KmsError error in KmsErrors.All)
            Refusals.StatusOf(error.Kind).Should().BeInRange(400, 503);
    }

    [Fact]
    public void Every_kind_has_a_status()
    {
        foreach (KmsErrorKind kind in Enum.GetValues<KmsErrorKind>())
            Refusals.StatusOf(kind).Should().BeInRange(400, 503);
    }

    [Fact]
    public void The_docs_list_the_catalogue_and_nothing_else()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "errors.md"));

        CodeShape().Matches(page).Select(m => m.Value).Distinct().Should().BeEquivalentTo(KmsErrors.All.Select(e => e.Code));
        foreach (KmsError error in KmsErrors.All)
            page.Should().MatchRegex($@"`?{error.Code}`?\s*\|\s*{Refusals.StatusOf(error.Kind)}\b");
    }

    [GeneratedRegex(@"\bERR_[A-Z]+(_[A-Z]+)*_\d{3}\b")]
    private static partial Regex CodeShape();
}
