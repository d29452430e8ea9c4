namespace Qkms.Tests.Secrets;

public sealed class PinnedPoolTests
{
    private readonly PinnedPool _pool = new();

    [Theory]
    [InlineData(0, 32)]
    [InlineData(1, 32)]
    [InlineData(32, 32)]
    [InlineData(33, 64)]
    [InlineData(64, 64)]
    [InlineData(1000, 1024)]
    [InlineData(65_535, 65_536)]
    [InlineData(65_536, 65_536)]
    [InlineData(65_537, 65_537)]
    [InlineData(1_000_000, 1_000_000)]
    public void Arrays_have_the_next_power_of_two_or_are_made_to_measure(int length, int expected)
    {
        byte[] array = _pool.Rent(length);

        array.Should().HaveCount(expected);
        GC.GetGeneration(array)
            .Should().Be(GC.MaxGeneration, "pinned arrays live on the pinned heap, which counts as the oldest generation");
    }

    [Theory]
    [InlineData(32)]
    [InlineData(4096)]
    [InlineData(65_536)]
    public void What_comes_back_is_zeroed_and_lent_out_again(int length)
    {
        byte[] array = _pool.Rent(length);
        Array.Fill(array, (byte)0xA5);

        _pool.Return(array);

        array.Should().OnlyContain(b => b == 0);
        _pool.Rent(length).Should().BeSameAs(array);
        _pool.Rent(length).Should().NotBeSameAs(array, "it has an owner");
    }

    [Fact]
    public void What_is_too_large_to_keep_is_zeroed_and_let_go()
    {
        byte[] array = _pool.Rent(65_537);
        Array.Fill(array, (byte)0xA5);

        _pool.Return(array);

        array.Should().OnlyContain(b => b == 0);
        _pool.Rent(65_537).Should().NotBeSameAs(array);
    }

    [Theory]
    [InlineData(32, 512)]
    [InlineData(1024, 512)]
    [InlineData(65_536, 8)]
    public void No_class_of_sizes_grows_beyond_its_bound(int length, int kept)
    {
        HashSet<byte[]> lent = [.. Enumerable.Range(0, kept + 20).Select(_ => _pool.Rent(length))];
        foreach (byte[] array in lent)
            _pool.Return(array);

        Enumerable.Range(0, kept + 20).Select(_ => _pool.Rent(length)).Count(lent.Contains).Should().Be(kept);
    }

    [Fact]
    public void Many_threads_never_have_the_same_array()
    {
        int shared = 0;
        Parallel.For(0, 16, owner =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                byte[] array = _pool.Rent(32 << (i % 4));
                if (array.AsSpan().ContainsAnyExcept((byte)0))
                    Interlocked.Increment(ref shared);
                Array.Fill(array, (byte)(owner + 1));
                if (array.AsSpan().ContainsAnyExcept((byte)(owner + 1)))
                    Interlocked.Increment(ref shared);
                _pool.Return(array);
            }
        });

        shared.Should().Be(0);
    }
}
