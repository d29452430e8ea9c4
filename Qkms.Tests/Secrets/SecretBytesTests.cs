using System.Diagnostics;
using System.Reflection;

namespace Qkms.Tests.Secrets;

public sealed class SecretBytesTests
{
    // Long enough not to come from the pool, where the memory would belong to another test by the time it is looked at.
    [Fact]
    public void Disposing_zeroes_the_bytes_and_takes_them_away()
    {
        SecretBytes secret = SecretBytes.Allocate(PinnedPool.MaxKeptSize + 1, out Span<byte> bytes);
        bytes.Fill(0xA5);

        secret.Dispose();

        bytes.ContainsAnyExcept((byte)0).Should().BeFalse();
        secret.Invoking(s => s.Span.Length).Should().Throw<ObjectDisposedException>();
        secret.Invoking(s => s.Dispose()).Should().NotThrow("disposing twice is allowed");
        secret.Length.Should().Be(PinnedPool.MaxKeptSize + 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(33)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    public void A_secret_is_as_long_as_asked_for_and_zero(int length)
    {
        for (int i = 0; i < 3; i++)
        {
            using SecretBytes secret = SecretBytes.Allocate(length, out Span<byte> bytes);

            secret.Length.Should().Be(length);
            secret.Span.Length.Should().Be(length);
            bytes.Length.Should().Be(length);
            bytes.ContainsAnyExcept((byte)0).Should().BeFalse("nothing is left of the one before");
            bytes.Fill(0xA5);
        }
    }

    [Fact]
    public void Disposing_from_many_threads_gives_the_memory_back_once()
    {
        for (int i = 0; i < 200; i++)
        {
            SecretBytes secret = SecretBytes.Random(32);
            Parallel.For(0, 8, _ => secret.Dispose());
        }

        // Two owners of one array would write over each other.
        List<SecretBytes> secrets = [];
        for (int i = 0; i < 1000; i++)
        {
            SecretBytes secret = SecretBytes.Allocate(32, out Span<byte> bytes);
            BitConverter.TryWriteBytes(bytes, i).Should().BeTrue();
            secrets.Add(secret);
        }

        secrets.Select(secret => BitConverter.ToInt32(secret.Span)).Should().Equal(Enumerable.Range(0, 1000));
        secrets.ForEach(secret => secret.Dispose());
    }

    [Fact]
    public void A_negative_length_is_a_mistake_of_the_caller() =>
        FluentActions.Invoking(() => SecretBytes.Allocate(-1, out _)).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void Nothing_that_prints_it_shows_the_bytes()
    {
        using SecretBytes secret = SecretBytes.CopyOf("hunter2"u8);

        secret.ToString().Should().Be("SecretBytes(7)");
        $"{secret}".Should().Be("SecretBytes(7)");
        typeof(SecretBytes).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value.Should().Be("SecretBytes({Length})");
        FieldInfo field = typeof(SecretBytes)
            .GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
            .Single(f => f.FieldType == typeof(byte[]));
        field.GetCustomAttribute<DebuggerBrowsableAttribute>()!.State.Should().Be(DebuggerBrowsableState.Never);
        secret.Invoking(s => System.Text.Json.JsonSerializer.Serialize(s)).Should().Throw<Exception>("a span has no JSON form");
    }

    [Fact]
    public void A_copy_is_independent_of_its_original()
    {
        byte[] original = [1, 2, 3];
        using SecretBytes secret = SecretBytes.CopyOf(original);

        original[0] = 9;

        secret.Span.ToArray().Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Random_secrets_have_the_length_asked_for_and_differ()
    {
        using SecretBytes one = SecretBytes.Random(32);
        using SecretBytes other = SecretBytes.Random(32);

        one.Length.Should().Be(32);
        one.Span.ToArray().Should().NotEqual(other.Span.ToArray());
    }

    [Fact]
    public void The_garbage_collector_does_not_move_it()
    {
        using SecretBytes secret = SecretBytes.Allocate(64, out Span<byte> bytes);

        GC.GetGeneration(typeof(SecretBytes).GetField("_bytes", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(secret)!)
            .Should().Be(GC.MaxGeneration, "pinned arrays live on the pinned heap, which counts as the oldest generation");
        bytes.Length.Should().Be(64);
    }
}
