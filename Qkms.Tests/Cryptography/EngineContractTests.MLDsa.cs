namespace Qkms.Tests.Cryptography;

public sealed partial class EngineContractTests
{
    private const string Sha512 = "2.16.840.1.101.3.4.2.3";

    private static readonly byte[] _message = "a message"u8.ToArray();
    private static readonly byte[] _context = "a context"u8.ToArray();

    public static TheoryData<string, string> MLDsaSets => EngineUnderTest.EachWith(Algorithms.MLDsaSets);

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Signature_verifies_with_its_message_context_and_key_only(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        using MLDsa other = tested.Engine.GenerateMLDsa(algorithm);
        using MLDsa verifier = tested.Engine.ImportMLDsaPublicKey(algorithm, key.ExportMLDsaPublicKey());
        byte[] signature = key.SignData(_message, _context);

        key.Algorithm.Should().Be(algorithm);
        verifier.Algorithm.Should().Be(algorithm);
        verifier.VerifyData(_message, signature, _context).Should().BeTrue();
        verifier.VerifyData(_message, signature).Should().BeFalse();
        verifier.VerifyData(_context, signature, _context).Should().BeFalse();
        verifier.VerifyData(_message, signature[..^1], _context).Should().BeFalse();
        verifier.VerifyData(_message, signature.Append((byte)0).ToArray(), _context).Should().BeFalse();
        verifier.VerifyData(_message, Array.Empty<byte>(), _context).Should().BeFalse();
        other.VerifyData(_message, signature, _context).Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Signatures_are_hedged(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        key.SignData(_message).Should().NotEqual(key.SignData(_message));
        byte[] hash = SHA512.HashData(_message);
        key.SignPreHash(hash, Sha512).Should().NotEqual(key.SignPreHash(hash, Sha512));
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Signature_with_any_part_changed_is_refused(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        byte[] signature = key.SignData(_message);
        foreach (int position in Enumerable.Range(0, signature.Length).Where(i => i % 37 == 0).Append(signature.Length - 1))
        {
            signature[position] ^= 1;
            key.VerifyData(_message, signature).Should().BeFalse("byte {0} was changed", position);
            signature[position] ^= 1;
        }

        key.VerifyData(_message, signature).Should().BeTrue();
        Array.Fill(signature, byte.MaxValue);
        key.VerifyData(_message, signature).Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Context_has_up_to_255_bytes(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        byte[] longest = RandomNumberGenerator.GetBytes(255);
        byte[] tooLong = new byte[256];
        byte[] hash = SHA512.HashData(_message);
        byte[] signature = key.SignData(_message, longest);
        byte[] overHash = key.SignPreHash(hash, Sha512, longest);

        key.VerifyData(_message, signature, longest).Should().BeTrue();
        key.VerifyData(_message, signature, longest[..254]).Should().BeFalse();
        key.VerifyPreHash(hash, overHash, Sha512, longest).Should().BeTrue();
        key.VerifyPreHash(hash, overHash, Sha512, longest[..254]).Should().BeFalse();
        FluentActions.Invoking(() => key.SignData(_message, tooLong)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => key.VerifyData(_message, signature, tooLong)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => key.SignPreHash(hash, Sha512, tooLong)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => key.VerifyPreHash(hash, overHash, Sha512, tooLong)).Should().Throw<ArgumentException>();
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Empty_and_large_messages_are_signed(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);

        // Around the rate of SHAKE256 (136 bytes, of which tr and the prefix take 66), and more than a request may hold.
        foreach (int length in new[] { 0, 1, 69, 70, 71, 135, 136, 137, (4 << 20) + 1 })
        {
            byte[] message = RandomNumberGenerator.GetBytes(length);
            byte[] signature = key.SignData(message);
            key.VerifyData(message, signature).Should().BeTrue("the message has {0} bytes", length);
            byte[] longer = [.. message, 0];
            key.VerifyData(longer, signature).Should().BeFalse();
            if (length == 0)
                continue;
            message[^1] ^= 1;
            key.VerifyData(message, signature).Should().BeFalse();
        }
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Hash_is_signed_with_its_algorithm(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        (string Oid, int Length)[] hashes = PreHashes.Of(set);
        foreach ((string oid, int length) in hashes)
        {
            byte[] hash = RandomNumberGenerator.GetBytes(length);
            byte[] signature = key.SignPreHash(hash, oid, _context);
            key.VerifyPreHash(hash, signature, oid, _context).Should().BeTrue(oid);
            key.VerifyPreHash(hash, signature, oid).Should().BeFalse(oid);
            key.VerifyData(hash, signature, _context).Should().BeFalse("a signature over a hash is not one over data");
            foreach ((string other, _) in hashes.Where(candidate => candidate.Oid != oid && candidate.Length == length))
                key.VerifyPreHash(hash, signature, other, _context).Should().BeFalse("{0} is not {1}", other, oid);
            hash[0] ^= 1;
            key.VerifyPreHash(hash, signature, oid, _context).Should().BeFalse(oid);

            FluentActions.Invoking(() => key.SignPreHash(new byte[length - 1], oid)).Should().Throw<CryptographicException>(oid);
            FluentActions.Invoking(() => key.VerifyPreHash(new byte[length + 1], signature, oid))
                .Should().Throw<CryptographicException>(oid);
        }
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Hash_too_weak_for_the_set_or_unknown_is_refused(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        byte[] publicKey = key.ExportMLDsaPublicKey();
        foreach ((string oid, int length) in PreHashes.RefusedFor(set))
        {
            byte[] hash = RandomNumberGenerator.GetBytes(length);
            FluentActions.Invoking(() => key.SignPreHash(hash, oid)).Should().Throw<CryptographicException>(oid);

            // Not even a signature that is right by its arithmetic.
            byte[] signature = key.SignMu(ExternalMu.OfHash(publicKey, hash, oid));
            key.VerifyPreHash(hash, signature, oid).Should().BeFalse(oid);
        }
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void External_mu_is_another_way_to_the_same_signature(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        byte[] mu = ExternalMu.Of(key.ExportMLDsaPublicKey(), _message, _context);
        byte[] signature = key.SignData(_message, _context);
        key.VerifyData(_message, key.SignMu(mu), _context).Should().BeTrue();
        key.VerifyMu(mu, signature).Should().BeTrue();
        mu[0] ^= 1;
        key.VerifyMu(mu, signature).Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Wrong_lengths_of_MLDsa_are_refused(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        byte[] hash = new byte[64];
        byte[] mu = new byte[64];
        foreach (int difference in new[] { -1, 1 })
        {
            byte[] Wrong(int length) => new byte[length + difference];
            Refused(() => tested.Engine.ImportMLDsaPrivateSeed(algorithm, Wrong(algorithm.PrivateSeedSizeInBytes)));
            Refused(() => tested.ImportMLDsaPrivateKey(algorithm, Wrong(algorithm.PrivateKeySizeInBytes)));
            Refused(() => tested.Engine.ImportMLDsaPublicKey(algorithm, Wrong(algorithm.PublicKeySizeInBytes)));
            Refused(() => key.SignData(_message.AsSpan(), Wrong(algorithm.SignatureSizeInBytes)));
            Refused(() => key.SignPreHash(hash.AsSpan(), Wrong(algorithm.SignatureSizeInBytes), Sha512));
            Refused(() => key.SignMu(mu.AsSpan(), Wrong(algorithm.SignatureSizeInBytes)));
            Refused(() => key.SignMu(Wrong(mu.Length)));
            key.VerifyMu(Wrong(mu.Length), new byte[algorithm.SignatureSizeInBytes]).Should().BeFalse();
            Refused(() => key.ExportMLDsaPrivateSeed(Wrong(algorithm.PrivateSeedSizeInBytes)));
            Refused(() => key.ExportMLDsaPrivateKey(Wrong(algorithm.PrivateKeySizeInBytes)));
            Refused(() => key.ExportMLDsaPublicKey(Wrong(algorithm.PublicKeySizeInBytes)));
        }

        Refused(() => tested.Engine.ImportMLDsaPrivateSeed(algorithm, []));
        Refused(() => tested.ImportMLDsaPrivateKey(algorithm, []));
        Refused(() => tested.Engine.ImportMLDsaPublicKey(algorithm, []));

        static void Refused(Action action) => action.Should().Throw<ArgumentException>();
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Signature_may_be_written_over_what_is_signed(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        int size = algorithm.SignatureSizeInBytes;
        byte[] original = RandomNumberGenerator.GetBytes(size + 200);
        byte[] buffer = new byte[size + 200];

        // The message under the start, the middle and the end of the signature, and half outside it; the context at its start.
        foreach (int at in new[] { 0, size / 2, size - 64, size - 32 })
        {
            original.CopyTo(buffer, 0);
            key.SignData(buffer.AsSpan(at, 64), buffer.AsSpan(0, size), buffer.AsSpan(8, 16));
            key.VerifyData(original.AsSpan(at, 64), buffer.AsSpan(0, size), original.AsSpan(8, 16))
                .Should().BeTrue("the data lay at {0}", at);

            original.CopyTo(buffer, 0);
            key.SignPreHash(buffer.AsSpan(at, 64), buffer.AsSpan(0, size), Sha512, buffer.AsSpan(8, 16));
            key.VerifyPreHash(original.AsSpan(at, 64), buffer.AsSpan(0, size), Sha512, original.AsSpan(8, 16))
                .Should().BeTrue("the hash lay at {0}", at);

            original.CopyTo(buffer, 0);
            key.SignMu(buffer.AsSpan(at, 64), buffer.AsSpan(0, size));
            key.VerifyMu(original.AsSpan(at, 64), buffer.AsSpan(0, size)).Should().BeTrue("μ lay at {0}", at);
        }
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Private_key_whose_parts_do_not_belong_together_is_refused(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        byte[] encoded = key.ExportMLDsaPrivateKey();

        // ρ, tr, s₁, and t₀ at its end; K is any string.
        foreach (int position in new[] { 0, 64, 128, encoded.Length - 1 })
        {
            byte[] changed = [.. encoded];
            changed[position] ^= 1;
            FluentActions.Invoking(() => tested.ImportMLDsaPrivateKey(algorithm, changed))
                .Should().Throw<CryptographicException>("byte {0} was changed", position);
        }

        byte[] tooLarge = [.. encoded];
        tooLarge[128] = 0xFF;
        FluentActions.Invoking(() => tested.ImportMLDsaPrivateKey(algorithm, tooLarge))
            .Should().Throw<CryptographicException>("a coefficient of s₁ is above η");

        // One polynomial of t₀, and half of the key.
        foreach (int length in new[] { 416, encoded.Length / 2 })
        {
            byte[] otherT0 = [.. encoded];
            otherT0.AsSpan(encoded.Length - length).Fill(0xAA);
            FluentActions.Invoking(() => tested.ImportMLDsaPrivateKey(algorithm, otherT0))
                .Should().Throw<CryptographicException>("t₀ is another one");
        }
    }

    private static (EngineUnderTest Tested, MLDsaAlgorithm Algorithm) MLDsaOf(string engine, string set) =>
        (EngineUnderTest.Present[engine], Algorithms.MLDsa(set));
}
