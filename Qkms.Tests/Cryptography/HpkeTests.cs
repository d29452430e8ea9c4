using Qkms.Core.Cryptography.Rfc9180;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// HPKE from one hand to the other, and whatever is not what was sealed. Other implementations are in <c>HpkeFormatVectorTests</c>, the
/// standard's own numbers in <see cref="KeyScheduleTests"/>.
/// </summary>
public sealed class HpkeTests
{
    private static readonly byte[] _info = "info"u8.ToArray();
    private static readonly byte[] _aad = "aad"u8.ToArray();
    private static readonly byte[] _plaintext = "the secret of this test"u8.ToArray();

    public static TheoryData<string, string> EnginesAndSets => EngineUnderTest.EachWith(Algorithms.MLKemSets);

    //
    [Theory]
    [MemberData(nameof(EnginesAndSets))]
    public void What_was_sealed_opens(string engine, string set)
    {
        using MLKem key = EngineUnderTest.Present[engine].Engine.GenerateMLKem(Algorithms.MLKem(set));
        foreach (int length in new[] { 0, 1, 32, 1024, 100_000 })
        {
            byte[] plaintext = RandomNumberGenerator.GetBytes(length);
            byte[] info = RandomNumberGenerator.GetBytes(length % 300);
            byte[] aad = RandomNumberGenerator.GetBytes(length % 9000);

            byte[] ciphertext = Hpke.Seal(key, info, aad, plaintext);

            ciphertext.Should().HaveCount(length + Hpke.Overhead(key.Algorithm));
            byte[] opened = new byte[length];
            Hpke.TryOpen(key, info, aad, ciphertext, opened).Should().BeTrue();
            opened.Should().Equal(plaintext);
        }
    }

    [Fact]
    public void A_public_key_is_enough_to_seal()
    {
        using MLKem key = NewKey();
        using MLKem recipient = new ManagedEngine().ImportMLKemEncapsulationKey(key.Algorithm, key.ExportEncapsulationKey());

        Opens(key, Hpke.Seal(recipient, _info, _aad, _plaintext)).Should().BeTrue();
    }

    [Fact]
    public void The_same_plaintext_gives_another_ciphertext_each_time()
    {
        using MLKem key = NewKey();

        Enumerable.Range(0, 50).Select(_ => Convert.ToHexString(Hpke.Seal(key, _info, _aad, _plaintext))).Should().OnlyHaveUniqueItems();
    }

    // Infos of before and other infos are kept between calls: none may answer for another.
    [Fact]
    public void Infos_that_take_turns_are_kept_apart()
    {
        using MLKem key = NewKey();
        byte[][] infos = [[], "a"u8.ToArray(), "b"u8.ToArray(), new byte[1], new byte[256], new byte[257], new byte[70_000]];
        byte[][] ciphertexts = [.. infos.Select(info => Hpke.Seal(key, info, _aad, _plaintext))];

        for (int i = 0; i < infos.Length; i++)
        {
            for (int j = 0; j < infos.Length; j++)
                Hpke.TryOpen(key, infos[i], _aad, ciphertexts[j], new byte[_plaintext.Length]).Should().Be(i == j, $"infos {i} and {j}");
        }
    }

    //
    [Theory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public void A_flip_in_any_byte_is_refused_and_leaves_zeros(string set)
    {
        using MLKem key = NewKey(set);
        byte[] ciphertext = Hpke.Seal(key, _info, _aad, _plaintext);

        for (int i = 0; i < ciphertext.Length; i++)
        {
            byte[] flipped = [.. ciphertext];
            flipped[i] ^= (byte)(1 << (i & 7));
            Opens(key, flipped).Should().BeFalse($"byte {i} was flipped");
        }
    }

    [Fact]
    public void Shorter_and_longer_ciphertexts_are_refused()
    {
        using MLKem key = NewKey();
        byte[] ciphertext = Hpke.Seal(key, _info, _aad, _plaintext);

        Opens(key, ciphertext).Should().BeTrue();
        for (int cut = 1; cut <= _plaintext.Length + 17; cut++)
        {
            Opens(key, ciphertext[..^cut]).Should().BeFalse($"{cut} bytes are missing at the end");
            Opens(key, ciphertext[cut..]).Should().BeFalse($"{cut} bytes are missing at the beginning");
        }

        Opens(key, []).Should().BeFalse();
        Opens(key, [.. ciphertext, 0]).Should().BeFalse();
        Opens(key, [0, .. ciphertext]).Should().BeFalse();
    }

    [Fact]
    public void Another_key_info_or_aad_is_refused()
    {
        using MLKem key = NewKey();
        using MLKem otherKey = NewKey();
        byte[] ciphertext = Hpke.Seal(key, _info, _aad, _plaintext);

        Opens(otherKey, ciphertext).Should().BeFalse();
        TryOpen(key, info: [], _aad).Should().BeFalse();
        TryOpen(key, "infO"u8, _aad).Should().BeFalse();
        TryOpen(key, _aad, _info).Should().BeFalse();
        TryOpen(key, _info, aad: []).Should().BeFalse();
        TryOpen(key, _info, [.. _aad, 0]).Should().BeFalse();
        TryOpen(key, _info, _aad).Should().BeTrue();

        bool TryOpen(MLKem with, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad) =>
            Hpke.TryOpen(with, info, aad, ciphertext, new byte[_plaintext.Length]);
    }

    [Fact]
    public void A_ciphertext_of_another_parameter_set_is_refused()
    {
        using MLKem small = NewKey("ML-KEM-512");
        using MLKem large = NewKey("ML-KEM-1024");

        Opens(large, Hpke.Seal(small, _info, _aad, _plaintext)).Should().BeFalse();
        Opens(small, Hpke.Seal(large, _info, _aad, _plaintext)).Should().BeFalse();
    }

    [Fact]
    public void A_destination_of_another_length_and_a_key_without_private_half_are_mistakes_of_the_caller()
    {
        using MLKem key = NewKey();
        using MLKem recipient = new ManagedEngine().ImportMLKemEncapsulationKey(key.Algorithm, key.ExportEncapsulationKey());
        byte[] ciphertext = Hpke.Seal(key, _info, _aad, _plaintext);

        FluentActions.Invoking(() => Hpke.TryOpen(key, _info, _aad, ciphertext, new byte[_plaintext.Length + 1]))
            .Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Hpke.TryOpen(key, _info, _aad, ciphertext, new byte[_plaintext.Length - 1]))
            .Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Opens(recipient, ciphertext)).Should().Throw<CryptographicException>();
    }

    private static MLKem NewKey(string set = "ML-KEM-768") => new ManagedEngine().GenerateMLKem(Algorithms.MLKem(set));

    /// <summary>Whether it opens; where not, that nothing is left in the destination.</summary>
    private static bool Opens(MLKem key, byte[] ciphertext)
    {
        byte[] destination = new byte[Math.Max(0, ciphertext.Length - Hpke.Overhead(key.Algorithm))];
        Array.Fill(destination, (byte)0xA5);
        bool opened = Hpke.TryOpen(key, _info, _aad, ciphertext, destination);
        if (!opened)
            destination.Should().Equal(new byte[destination.Length]);

        return opened;
    }
}
