using Qkms.Core.ApiKeys;

namespace Qkms.Tests.ApiKeys;

/// <summary>K-02, K-05: of API keys that were presented before their proofs are remembered, and nothing that is made up.</summary>
public sealed class RecentProofsTests : ServiceTests
{
    [Fact]
    public void An_API_key_that_comes_again_has_the_same_proof()
    {
        byte[] key = Encoding.ASCII.GetBytes(App.InitialApiKey);
        ApiKeyProver prover = NewProver();

        byte[] first = prover.Prove(key)!.Bytes.ToArray();
        prover.Recalled.Should().Be(1);
        byte[] again = prover.Prove(key)!.Bytes.ToArray();

        again.Should().Equal(first).And.Equal(NewProver().Prove(key)!.Bytes.ToArray());
        prover.Recalled.Should().Be(1);
        for (int i = 5; i < key.Length; i++)
        {
            byte[] mistyped = [.. key];
            mistyped[i] ^= 1;
            prover.Prove(mistyped).Should().BeNull();
        }
    }

    [Fact]
    public void What_anybody_can_make_up_is_not_remembered()
    {
        ApiKeyProver prover = NewProver();

        for (int i = 0; i < 100; i++)
            prover.Prove(Encoding.ASCII.GetBytes(ForgedKeys.New()));

        prover.Prove(Encoding.ASCII.GetBytes(ForgedKeys.AsIssuedEarlier(App.InitialApiKey))).Should().NotBeNull();
        prover.Recalled.Should().Be(0);
    }

    [Fact]
    public void Its_memory_is_bounded_and_forgets_nothing_for_good()
    {
        RecentProofs proofs = new();
        byte[] text = new byte[ApiKeyFormat.MaxLength];
        Span<byte> proof = stackalloc byte[4];
        for (int i = 0; i <= 10_000; i++)
        {
            BitConverter.TryWriteBytes(text, i);
            BitConverter.TryWriteBytes(proof, i);
            TextHash hash = proofs.HashOf(text);
            proofs.TryRecall(hash, proof).Should().BeFalse();
            proofs.Keep(hash, proof);
        }

        proofs.Count.Should().BeLessThanOrEqualTo(10_000);
        proofs.TryRecall(proofs.HashOf(text), proof).Should().BeTrue();
        BitConverter.ToInt32(proof).Should().Be(10_000);
        proofs.TryRecall(proofs.HashOf(text), stackalloc byte[8]).Should().BeFalse("it is of another number of hash keys");
        proofs.TryRecall(proofs.HashOf(text.AsSpan()[1..]), proof).Should().BeFalse();
        proofs.TryRecall(new RecentProofs().HashOf(text), proof).Should().BeFalse("each process has its own hashes");
    }

    private ApiKeyProver NewProver()
    {
        _ = App.Services;
        return new ApiKeyProver(App.Services.GetRequiredService<Keyring>());
    }
}
