using System.Buffers;
using Qkms.Api.Http;

namespace Qkms.Tests.Http;

public sealed class AnswerBufferTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4_096)]
    [InlineData(100_000)]
    [InlineData(300_000)]
    public void It_grows_and_keeps_what_was_written(int size)
    {
        byte[] answer = [.. Enumerable.Range(0, size).Select(i => (byte)i)];
        using AnswerBuffer buffer = new();
        foreach (byte[] part in answer.Chunk(1_000))
            buffer.Write(part);

        buffer.Length.Should().Be(size);
        buffer.Written.ToArray().Should().Equal(answer);
    }

    [Fact]
    public void What_it_lets_go_of_is_zeroed()
    {
        AnswerBuffer buffer = new();
        buffer.Write("secret"u8);
        ReadOnlyMemory<byte> first = buffer.Written;
        buffer.GetMemory(100_000);
        ReadOnlyMemory<byte> second = buffer.Written;
        second.ToArray().Should().Equal("secret"u8.ToArray());

        buffer.Dispose();

        first.ToArray().Should().OnlyContain(b => b == 0);
        second.ToArray().Should().OnlyContain(b => b == 0);
    }
}
