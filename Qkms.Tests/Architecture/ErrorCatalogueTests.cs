using System.Reflection;
using System.Text.RegularExpressions;
using Qkms.Api.Http;

namespace Qkms.Tests.Architecture;

public sealed partial class ErrorCatalogueTests
{
    private static readonly KmsError[] _all = [.. KmsErrors.All, .. HttpErrors.Statuses.Keys];

    // Q-06
    [Fact]
    public void Every_refusal_is_in_the_catalogue_once()
    {
        KmsError[] fields =
        [
            .. new[] { typeof(KmsErrors), typeof(HttpErrors) }
                .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
                .Select(field => field.GetValue(null))
                .OfType<KmsError>(),
        ];

        _all.Should().BeEquivalentTo(fields);
        _all.Select(e => e.Code).Should().OnlyHaveUniqueItems().And.OnlyContain(code => CodeShape().IsMatch(code));
        foreach (KmsError error in _all)
            Refusals.StatusOf(error).Should().BeInRange(400, 503);
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

        CodeShape().Matches(page).Select(m => m.Value).Distinct().Should().BeEquivalentTo(_all.Select(e => e.Code));
        foreach (KmsError error in _all)
            page.Should().MatchRegex($@"`?{error.Code}`?\s*\|\s*{Refusals.StatusOf(error)}\b");
    }

    // A second protocol has other words for the same refusals.
    [Fact]
    public void Refusals_of_Core_say_no_word_of_HTTP()
    {
        string[] files = Directory.GetFiles(Path.Combine(Repository.Root, "Qkms.Core", "Errors"), "*.cs");

        files.Should().NotBeEmpty();
        files.SelectMany(File.ReadLines).Where(line => WordOfHttp().IsMatch(line)).Should().BeEmpty();
        WordOfHttp().IsMatch("needs allow_no_active").Should().BeTrue();
    }

    [GeneratedRegex(@"HTTP|[Hh]eader|[Vv]erb\b|[Rr]oute|JSON|x-api-key|Idempotency-Key|\b[a-z]+(_[a-z]+)+\b|[ ""]/[a-z]")]
    private static partial Regex WordOfHttp();

    [GeneratedRegex(@"\bERR_[A-Z]+(_[A-Z]+)*_\d{3}\b")]
    private static partial Regex CodeShape();
}
