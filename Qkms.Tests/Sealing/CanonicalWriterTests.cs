using Qkms.Core.Sealing;

namespace Qkms.Tests.Sealing;

public sealed class CanonicalWriterTests
{
    [Fact]
    public void Different_lists_of_parts_give_different_bytes()
    {
        Guid id = new("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");
        (string Name, Func<CanonicalWriter, CanonicalWriter> Write)[] lists =
        [
            ("nothing", w => w),
            ("one absent string", w => w.Add((string?)null)),
            ("two absent strings", w => w.Add((string?)null).Add((string?)null)),
            ("one empty string", w => w.Add("")),
            ("two empty strings", w => w.Add("").Add("")),
            ("empty then absent", w => w.Add("").Add((string?)null)),
            ("absent then empty", w => w.Add((string?)null).Add("")),
            ("ab, c", w => w.Add("ab").Add("c")),
            ("a, bc", w => w.Add("a").Add("bc")),
            ("abc", w => w.Add("abc")),
            ("abc, empty", w => w.Add("abc").Add("")),
            ("empty, abc", w => w.Add("").Add("abc")),
            ("a length inside a part", w => w.Add("a\0\0\0\u0001b")),
            ("a, b", w => w.Add("a").Add("b")),
            ("the bytes of absence", w => w.Add([0xFF, 0xFF, 0xFF, 0xFF])),
            ("0", w => w.Add(0L)),
            ("1", w => w.Add(1L)),
            ("-1", w => w.Add(-1L)),
            ("256", w => w.Add(256L)),
            ("absent id, id", w => w.Add((Guid?)null).Add(id)),
            ("id, absent id", w => w.Add(id).Add((Guid?)null)),
        ];

        lists.Select(list => Bytes(list.Write)).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void No_two_of_all_short_lists_over_a_small_alphabet_collide()
    {
        // Every list of up to three parts, each absent or of up to two bytes out of 0x00, 0x01 and 0xFF.
        byte[] alphabet = [0x00, 0x01, 0xFF];
        List<byte[]?> parts =
            [null, [], .. alphabet.Select(a => new[] { a }), .. alphabet.SelectMany(_ => alphabet, (a, b) => new[] { a, b })];
        List<byte[]?[]> lists = [[], .. parts.Select(a => new[] { a })];
        lists.AddRange(parts.SelectMany(_ => parts, (a, b) => new[] { a, b }));
        lists.AddRange(parts.SelectMany(_ => parts, (a, b) => (a, b)).SelectMany(_ => parts, (ab, c) => new[] { ab.a, ab.b, c }));

        HashSet<string> seen = [.. lists.Select(list => Bytes(w => list.Aggregate(w, (writer, part) => writer.Add(part))))];

        seen.Should().HaveCount(lists.Count);
    }

    [Fact]
    public void The_format_comes_first_and_every_part_follows_its_length()
    {
        CanonicalWriter writer = new(7);

        writer.Add("ü").Add((string?)null).Add(258L).Add(true).Add(DateTimeOffset.UnixEpoch.AddMilliseconds(1.9));

        Convert.ToHexString(writer.Written).Should().Be(
            "07" + "00000002C3BC" + "FFFFFFFF" + "000000080000000000000102" + "000000080000000000000001" + "000000080000000000000001");
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_because_it_would_pass_for_another_character() =>
        new CanonicalWriter(1).Invoking(w => w.Add("\uD800")).Should().Throw<EncoderFallbackException>();

    private static string Bytes(Func<CanonicalWriter, CanonicalWriter> write) => Convert.ToHexString(write(new CanonicalWriter(1)).Written);
}
