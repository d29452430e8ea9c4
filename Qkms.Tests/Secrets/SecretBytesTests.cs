using System.Diagnostics;
using System.Reflection;
using Qkms.Core.Secrets;

namespace Qkms.Tests.Secrets;

public sealed class SecretBytesTests
{
    [Fact]
    public void Disposing_zeroes_the_bytes_and_takes_them_away()
    {
        SecretBytes secret = SecretBytes.Allocate(32, out Span<byte> bytes);
        bytes.Fill(0xA5);

        secret.Dispose();

        bytes.ContainsAnyExcept((byte)0).Should().BeFalse();
        secret.Invoking(s => s.Span.Length).Should().Throw<ObjectDisposedException>();
        secret.Invoking(s => s.Dispose()).Should().NotThrow("disposing twice is allowed");
    }

    [Fact]
    public void Nothing_that_prints_it_shows_the_bytes()
    {
        using SecretBytes secret = SecretBytes.CopyOf("hunter2"u8);

        secret.ToString().Should().Be("SecretBytes(7)");
        $"{secret}".Should().Be("SecretBytes(7)");
        typeof(SecretBytes).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value.Should().Be("SecretBytes({Length})");
        FieldInfo field = typeof(SecretBytes).GetFields(BindingFlags.Instance | BindingFlags.NonPublic).Single(f => f.FieldType == typeof(byte[]));
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
