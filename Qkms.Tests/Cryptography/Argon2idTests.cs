using System.Reflection;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Qkms.Core.Cryptography.Rfc9106;

namespace Qkms.Tests.Cryptography;

/// <summary>Argon2id by the vector of RFC 9106, section 5.3, and what the library leaves in memory.</summary>
public sealed class Argon2idTests
{
    [Fact]
    public void The_vector_of_RFC_9106_section_5_3_holds()
    {
        byte[] tag = new byte[32];

        Argon2id.Derive(Bytes(32, 1), Bytes(16, 2), new Argon2Cost(32, 3, 4), tag, secret: Bytes(8, 3), associatedData: Bytes(12, 4));

        Convert.ToHexStringLower(tag).Should().Be("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");

        static byte[] Bytes(int length, byte value) => [.. Enumerable.Repeat(value, length)];
    }

    [Fact]
    public void The_library_keeps_none_of_its_memory_filled()
    {
        Argon2BytesGenerator generator = new();
        generator.Init(new Argon2Parameters.Builder(Argon2Parameters.Argon2id)
            .WithMemoryAsKB(64).WithIterations(2).WithParallelism(1).WithSalt(new byte[16]).Build());
        FieldInfo[] fields = [.. typeof(Argon2BytesGenerator).GetFields(BindingFlags.Instance | BindingFlags.NonPublic)];

        generator.GenerateBytes("correct horse battery staple"u8.ToArray(), new byte[32]);

        ulong[] words = [.. fields.SelectMany(field => WordsIn(field.GetValue(generator)))];
        words.Should().HaveCountGreaterThan(64 * 100, "the memory is found").And.OnlyContain(word => word == 0);

        static IEnumerable<ulong> WordsIn(object? value) => value switch
        {
            ulong[] words => words,
            Array { Rank: 1 } blocks when !blocks.GetType().GetElementType()!.IsPrimitive => blocks.Cast<object>().SelectMany(
                block => block.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
                    .SelectMany(field => WordsIn(field.GetValue(block)))),
            _ => [],
        };
    }

    [Theory]
    [InlineData(1 << 16, 3, 4, true)]
    [InlineData(1 << 21, 1, 4, true)]
    [InlineData((1 << 21) + 1, 1, 4, false)]
    [InlineData(31, 1, 4, false)]
    [InlineData(64, 17, 4, false)]
    [InlineData(1 << 16, 3, 17, false)]
    public void What_no_release_asks_for_is_not_computed(int memory, int passes, int lanes, bool isSensible) =>
        new Argon2Cost(memory, passes, lanes).IsSensible.Should().Be(isSensible);
}
