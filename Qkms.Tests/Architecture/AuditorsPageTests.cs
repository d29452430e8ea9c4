using System.Text.RegularExpressions;

namespace Qkms.Tests.Architecture;

/// <summary>E-08: one page describes generation, protection at rest, access control and audit, and leads to where each is shown.</summary>
public sealed partial class AuditorsPageTests
{
    private static readonly string _docs = Path.Combine(Repository.Root, "docs");

    [Fact]
    public void E08_page_has_its_four_parts_and_each_link_leads_somewhere()
    {
        string page = File.ReadAllText(Path.Combine(_docs, "for-auditors.md"));

        Headings().Matches(page).Select(heading => heading.Groups["text"].Value).Should().ContainInOrder(
            "How keys are generated", "How keys are protected at rest", "Who may do what", "What is recorded");
        MatchCollection links = Links().Matches(page);
        links.Should().HaveCountGreaterThan(15);
        foreach (Match link in links)
        {
            string target = Path.Combine(_docs, link.Groups["file"].Value);
            File.Exists(target).Should().BeTrue(link.Value);
            if (link.Groups["anchor"] is { Success: true, Value: { } anchor })
                Headings().Matches(File.ReadAllText(target)).Select(heading => AnchorOf(heading.Groups["text"].Value))
                    .Should().Contain(anchor, link.Value);
        }
    }

    /// <summary>E-08: what the page says of random numbers is held by the build.</summary>
    [Fact]
    public void E08_no_other_random_numbers_compile() =>
        File.ReadLines(Path.Combine(Repository.Root, "BannedSymbols.txt")).Should().Contain(line => line.StartsWith("T:System.Random;"));

    // As GitHub makes them.
    private static string AnchorOf(string heading) =>
        string.Concat(heading.Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-')).Replace(' ', '-').ToLowerInvariant();

    [GeneratedRegex("^##+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Headings();

    [GeneratedRegex(@"\]\((?<file>[a-z-]+\.md)(#(?<anchor>[a-z0-9-]+))?\)")]
    private static partial Regex Links();
}
