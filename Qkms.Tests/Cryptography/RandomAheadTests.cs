using System.Reflection;

namespace Qkms.Tests.Cryptography;

/// <summary>Random bytes that are read ahead are handed out once, in time, and zeroed.</summary>
public sealed class RandomAheadTests
{
    private readonly List<byte[]> _read = [];
    private Exception? _failure;

    [Fact]
    public void Bytes_are_the_sources_and_each_is_handed_out_once()
    {
        RandomAhead random = new(Read);
        byte[][] taken = [.. Enumerable.Range(0, RandomAhead.Size / 32).Select(_ => Take(random, 32))];
        _read.Should().ContainSingle().Which.Should().Equal(Enumerable.Reverse(taken).SelectMany(bytes => bytes), "from the end on");
        Take(random, 1);
        _read.Should().HaveCount(2);
    }

    [Fact]
    public void What_does_not_suffice_is_not_used()
    {
        RandomAhead random = new(Read);
        Take(random, RandomAhead.Size - 10);
        Take(random, 11).Should().Equal(_read[1][^11..]);
    }

    [Fact]
    public void Old_bytes_are_not_used()
    {
        RandomAhead random = new(Read);
        Take(random, 32);
        Take(random, 32, RandomAhead.Lifetime);
        _read.Should().HaveCount(1);
        Take(random, 32, RandomAhead.Lifetime + 1).Should().Equal(_read[1][^32..]);
    }

    [Fact]
    public void Many_bytes_come_straight_from_the_source()
    {
        RandomAhead random = new(Read);
        Take(random, RandomAhead.Size + 1).Should().Equal(_read.Should().ContainSingle().Which);
    }

    [Fact]
    public void Source_that_fails_fails_the_call_and_leaves_nothing_to_hand_out()
    {
        RandomAhead random = new(Read);
        Take(random, 32);
        _failure = new CryptographicException("No entropy.");
        FluentActions.Invoking(() => Take(random, 32, RandomAhead.Lifetime + 1)).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => Take(random, 32)).Should().Throw<CryptographicException>("what was read before is gone as well");
        _failure = null;
        Take(random, 32).Should().Equal(_read[^1][^32..]);
    }

    [Fact]
    public void Bytes_are_zeroed_when_they_are_handed_out()
    {
        RandomAhead random = new(destination => destination.Fill(7));
        Take(random, 32);
        byte[] store = (byte[])typeof(RandomAhead).GetField("_bytes", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(random)!;
        store.Should().Equal([.. Enumerable.Repeat((byte)7, RandomAhead.Size - 32), .. new byte[32]]);
    }

    [Fact]
    public void Threads_do_not_share()
    {
        byte[][] bytes = new byte[8][];
        Thread[] threads = [.. Enumerable.Range(0, bytes.Length).Select(i => new Thread(() =>
        {
            bytes[i] = new byte[10 * 32];
            for (int j = 0; j < 10; j++)
                RandomAhead.Fill(bytes[i].AsSpan(32 * j, 32));
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        bytes.SelectMany(one => one.Chunk(32)).Select(Convert.ToHexString).Distinct().Should().HaveCount(80);
    }

    private static byte[] Take(RandomAhead random, int count, long now = 0)
    {
        byte[] taken = new byte[count];
        random.Take(taken, now);
        return taken;
    }

    private void Read(Span<byte> destination)
    {
        if (_failure is not null)
            throw _failure;
        RandomNumberGenerator.Fill(destination);
        _read.Add(destination.ToArray());
    }
}
