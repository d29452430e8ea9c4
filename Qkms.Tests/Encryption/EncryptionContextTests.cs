using System.Collections;

namespace Qkms.Tests.Encryption;

public sealed class EncryptionContextTests
{
    // E-01, Q-40
    [Fact]
    public void Absent_and_empty_are_the_same_count_of_nought()
    {
        Create(null).Should().BeSameAs(EncryptionContext.Empty);
        Create([]).Should().BeSameAs(EncryptionContext.Empty);
        Hex(EncryptionContext.Empty).Should().Be("00000000");
    }

    [Fact]
    public void Members_are_written_as_documented() =>
        Hex(Create(new() { ["b"] = "2", ["a"] = "é" })).Should().Be(
            "00000002" + "00000001" + "61" + "00000002" + "c3a9" + "00000001" + "62" + "00000001" + "32");

    [Fact]
    public void An_empty_value_is_a_value() =>
        Hex(Create(new() { ["a"] = "" })).Should().Be("00000001" + "00000001" + "61" + "00000000");

    [Fact]
    public void The_order_of_members_does_not_matter()
    {
        string[] names = ["a", "b", "aa", "ab", "A", "é", "z", " "];
        string expected = Hex(Create(names.ToDictionary(name => name, name => (string?)name)));

        for (int i = 0; i < 20; i++)
        {
            RandomNumberGenerator.Shuffle<string>(names);
            Hex(Create(names.ToDictionary(name => name, name => (string?)name))).Should().Be(expected);
        }
    }

    // U+FF5E is 3 bytes beginning with EF, U+1F600 is 4 beginning with F0; in UTF-16 the latter begins with D83D, before FF5E.
    [Fact]
    public void Names_are_sorted_by_their_UTF8_bytes_and_not_by_UTF16() =>
        Hex(Create(new() { ["\U0001F600"] = "", ["\uFF5E"] = "" })).Should().Be(
            "00000002" + "00000003" + "efbd9e" + "00000000" + "00000004" + "f09f9880" + "00000000");

    [Fact]
    public void Maps_that_a_naive_encoding_would_confuse_differ()
    {
        Dictionary<string, string?>[] maps =
        [
            new() { ["a"] = "bc" }, new() { ["ab"] = "c" }, new() { ["abc"] = "" }, new() { ["a"] = "b", ["c"] = "" },
            new() { ["a"] = "", ["b"] = "c" }, new() { ["a"] = "\u00e9" }, new() { ["a"] = "e\u0301" }, new() { ["a"] = "\uFFFD" },
            new() { ["A"] = "bc" },
        ];

        maps.Select(map => Hex(Create(map))).Should().OnlyHaveUniqueItems("Unicode is not normalised, and case counts");
    }

    // Not a theory: attributes are stored as UTF-8, which has no half surrogate pairs.
    [Fact]
    public void Empty_names_values_that_are_no_text_and_half_surrogate_pairs_are_refused()
    {
        Refuse(new() { [""] = "secret" }).Should().NotContain("secret", "no problem repeats what was sent");
        Refuse(new() { ["secret"] = null }).Should().NotContain("secret");
        Refuse(new() { ["secret\ud83d"] = "" }).Should().NotContain("secret");
        Refuse(new() { ["\ude00\ud83d"] = "" });
        Refuse(new() { ["a"] = "secret\ude00" }).Should().NotContain("secret");
        Refuse(new() { ["a"] = "\ud83dsecret" });
    }

    [Fact]
    public void Members_are_at_most_64()
    {
        Create(Numbered(64)).Canonical.Length.Should().BeGreaterThan(64 * 8);
        Refuse(Numbered(65)).Should().Contain("64");

        static Dictionary<string, string?> Numbered(int count) =>
            Enumerable.Range(0, count).ToDictionary(i => $"n{i}", i => (string?)$"{i}");
    }

    [Theory]
    [InlineData(8192 - 4 - 8 - 1, true)]
    [InlineData(8192 - 4 - 8, false)]
    [InlineData(2_000_000, false)]
    public void The_canonical_form_has_at_most_8192_bytes(int valueLength, bool accepted)
    {
        bool created = EncryptionContext.TryCreate(
            new Dictionary<string, string?> { ["a"] = new string('x', valueLength) }, out EncryptionContext? context, out _);

        created.Should().Be(accepted);
        if (accepted)
            context!.Canonical.Length.Should().Be(8192);
    }

    [Fact]
    public void Bytes_count_and_not_characters()
    {
        Refuse(new() { ["a"] = new string('€', 3000) }).Should().Contain("8192");
        Create(new() { ["a"] = new string('€', 2700) }).Canonical.Length.Should().Be(4 + 8 + 1 + 8100);
    }

    [Fact]
    public void A_name_that_comes_twice_is_refused() =>
        EncryptionContext.TryCreate(new Twice(), out _, out string? problem).Should().BeFalse(problem);

    private static EncryptionContext Create(Dictionary<string, string?>? members)
    {
        EncryptionContext.TryCreate(members, out EncryptionContext? context, out string? problem).Should().BeTrue(problem);
        problem.Should().BeNull();
        return context!;
    }

    private static string Refuse(Dictionary<string, string?> members)
    {
        EncryptionContext.TryCreate(members, out EncryptionContext? context, out string? problem).Should().BeFalse();
        context.Should().BeNull();
        return problem!;
    }

    private static string Hex(EncryptionContext context) => Convert.ToHexStringLower(context.Canonical);

    /// <summary>A map that has one name twice, as no dictionary of the platform has.</summary>
    private sealed class Twice : IReadOnlyDictionary<string, string?>
    {
        private readonly KeyValuePair<string, string?>[] _members = [new("a", "1"), new("b", "2"), new("a", "3")];

        public int Count => _members.Length;

        public IEnumerable<string> Keys => _members.Select(member => member.Key);

        public IEnumerable<string?> Values => _members.Select(member => member.Value);

        public string? this[string key] => _members.First(member => member.Key == key).Value;

        public bool ContainsKey(string key) => Keys.Contains(key);

        public bool TryGetValue(string key, out string? value) => (value = this[key]) is not null;

        public IEnumerator<KeyValuePair<string, string?>> GetEnumerator() => _members.AsEnumerable().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
