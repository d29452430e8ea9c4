namespace Qkms.Tests.Cryptography;

/// <summary>
/// The vectors of C2SP/wycheproof, valid and invalid ones, through the entries that callers use, with every engine that is
/// present. Each test states how many cases its file has under each verdict and flag, so that a group that was passed over, and
/// a file that changed, fail.
/// </summary>
public sealed partial class WycheproofTests
{
    /// <summary>What the names of a set's files begin with: mlkem_768, mldsa_65.</summary>
    private static string Prefix(string set) =>
        set.Replace("ML-KEM-", "mlkem_", StringComparison.Ordinal).Replace("ML-DSA-", "mldsa_", StringComparison.Ordinal);

    private static (JsonElement Group, JsonElement Test)[] Cases(string file)
    {
        JsonElement document = TestVectors.ReadJson(file);
        (JsonElement Group, JsonElement Test)[] cases = [
            .. from JsonElement @group in document.GetProperty("testGroups").EnumerateArray()
               from JsonElement test in @group.GetProperty("tests").EnumerateArray()
               select (@group, test)];
        cases.Should().HaveCount(document.GetProperty("numberOfTests").GetInt32());
        return cases;
    }

    private static bool IsValid(JsonElement test) => test.GetProperty("result").GetString() switch
    {
        "valid" => true,
        "invalid" => false,
        string other => throw new InvalidDataException($"The verdict '{other}' is not known."),
        null => throw new InvalidDataException("A case has no verdict."),
    };

    private static string Id(JsonElement test) =>
        $"case {test.GetProperty("tcId").GetInt32()}, "
        + $"{(test.TryGetProperty("comment", out JsonElement comment) ? comment.GetString() : "no comment")}";

    private static byte[] HexOrEmpty(JsonElement element, string member) =>
        element.TryGetProperty(member, out JsonElement value) && value.GetString() is string hex ? Convert.FromHexString(hex) : [];

    /// <summary>
    /// Wrong lengths are argument errors and everything else cryptographic ones, as on the platform; any other exception is a fault.
    /// </summary>
    private static void Refuses(Action operation, JsonElement test) =>
        operation.Should().Throw<Exception>(
            Id(test)).Which.Should().Match(thrown => thrown is CryptographicException || thrown is ArgumentException, Id(test));

    /// <summary>Counts cases by verdict and flags.</summary>
    private sealed class Tally
    {
        private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

        public void Add(JsonElement test)
        {
            IEnumerable<string?> flags = test.TryGetProperty("flags", out JsonElement list)
                ? list.EnumerateArray().Select(flag => flag.GetString())
                : [];
            string name = string.Join(' ', flags.Order(StringComparer.Ordinal).Prepend(test.GetProperty("result").GetString()));
            _counts[name] = _counts.GetValueOrDefault(name) + 1;
        }

        public void ShouldBe(params (string VerdictAndFlags, int Count)[] expected) =>
            _counts.Select(item => (item.Key, item.Value)).Should().BeEquivalentTo(expected);
    }
}
