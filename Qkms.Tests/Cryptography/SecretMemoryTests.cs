using Qkms.Core.Cryptography.Fips203;

namespace Qkms.Tests.Cryptography;

/// <summary>Blocks for the secrets of keys are zeroed at their end, and never have two keys at a time.</summary>
public sealed class SecretMemoryTests
{
    private const int Size = 100;

    private readonly SecretPool _pool = new(Size);

    [Fact]
    public void Block_is_zeroed_and_given_to_the_next_key()
    {
        SecretMemory first = new(_pool);
        Span<byte> bytes = first.Bytes;
        bytes.Length.Should().Be(Size);
        bytes.Fill(1);
        first.Dispose();
        IsZero(bytes).Should().BeTrue();
        using SecretMemory second = new(_pool);
        second.Bytes.Overlaps(bytes).Should().BeTrue();
        IsZero(second.Bytes).Should().BeTrue();
    }

    [Fact]
    public void Block_of_a_key_in_use_has_no_other_key()
    {
        SecretMemory first = new(_pool);
        Span<byte> bytes = first.Bytes;
        bytes.Fill(1);
        using (first.Use())
        {
            using (first.Use())
                first.Dispose();
            bytes.IndexOfAnyExcept((byte)1).Should().Be(-1, "an operation that runs ends with the key as it was");
            using SecretMemory second = new(_pool);
            second.Bytes.Overlaps(bytes).Should().BeFalse();
        }

        IsZero(bytes).Should().BeTrue();
    }

    [Fact]
    public void Key_that_was_disposed_is_refused()
    {
        SecretMemory memory = new(_pool);
        SecretMemory.Lease use = memory.Use();
        memory.Dispose();
        FluentActions.Invoking(() => memory.Use().Dispose()).Should().Throw<ObjectDisposedException>();
        use.Dispose();
        FluentActions.Invoking(() => memory.Use().Dispose()).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Key_that_is_disposed_twice_gives_its_block_back_once()
    {
        SecretMemory memory = new(_pool);
        memory.Dispose();
        memory.Dispose();
        FluentActions.Invoking(() => memory.Use().Dispose()).Should().Throw<ObjectDisposedException>();
        memory.Dispose();
        using SecretMemory one = new(_pool);
        using SecretMemory other = new(_pool);
        one.Bytes.Overlaps(other.Bytes).Should().BeFalse();
    }

    [Fact]
    public void Pool_keeps_a_few_blocks_only()
    {
        byte[][] blocks = [.. Enumerable.Range(0, 40).Select(_ => _pool.Rent())];
        foreach (byte[] block in blocks)
            _pool.Return(block);
        byte[][] again = [.. Enumerable.Range(0, 40).Select(_ => _pool.Rent())];
        again.Distinct().Should().HaveCount(40, "nobody shares a block");
        again.Intersect(blocks).Should().HaveCount(16);
    }

    /// <summary>Every byte of a block is that of its key, whoever disposes which key when.</summary>
    [Fact]
    public void Keys_of_many_threads_never_share_a_block()
    {
        Parallel.For(0, 4, thread =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                byte mark = (byte)(1 + ((thread + i) % 255));
                SecretMemory memory = new(_pool);
                if (!IsZero(memory.Bytes))
                    throw new InvalidOperationException("A block came with something in it.");
                memory.Bytes.Fill(mark);
                Parallel.Invoke(memory.Dispose, () => Read(memory, mark));
            }
        });

        static void Read(SecretMemory memory, byte mark)
        {
            try
            {
                using SecretMemory.Lease use = memory.Use();
                if (memory.Bytes.IndexOfAnyExcept(mark) >= 0)
                    throw new InvalidOperationException("A block changed under its key.");
            }
            catch (ObjectDisposedException)
            {
                // It was disposed first.
            }
        }
    }

    [Fact]
    public void Key_that_is_disposed_while_it_decapsulates_gives_the_secret_or_is_refused()
    {
        var set = ParameterSet.Of(MLKemAlgorithm.MLKem768);
        byte[] ciphertext = new byte[MLKemAlgorithm.MLKem768.CiphertextSizeInBytes];
        byte[] secret = new byte[32];
        for (int i = 0; i < 300; i++)
        {
            DecapsulationKey key = DecapsulationKey.FromSeed(set, RandomNumberGenerator.GetBytes(64));
            key.EncapsulationKey.Encapsulate(RandomNumberGenerator.GetBytes(32), ciphertext, secret);
            Parallel.Invoke(key.Dispose, () => Decapsulate(key));
        }

        void Decapsulate(DecapsulationKey key)
        {
            byte[] received = new byte[32];
            try
            {
                key.Decapsulate(ciphertext, received);
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            received.Should().Equal(secret);
        }
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;
}
