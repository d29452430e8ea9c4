using System.Formats.Asn1;
using System.Numerics;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// Vectors of NIST's CAVP, of RSA Laboratories and of RFCs, through the keys that the service uses. Each test states how many there are, so
/// that none is passed over.
/// </summary>
public sealed class DebianVectorTests
{
    private const string Ecdsa = "asymmetric/ECDSA/FIPS_186-3";
    private const string Rsa = "asymmetric/RSA/FIPS_186-2";

    public static TheoryData<int, int> CurvesAndHashes => Pairs(256, 384, 521);

    public static TheoryData<int, int> ModuliAndHashes => Pairs(2048, 3072, 4096);

    /// <summary>FIPS 186-3: signatures, public keys that were changed, messages and numbers that were changed.</summary>
    [TheoryIf(Requirement.DebianVectors)]
    [MemberData(nameof(CurvesAndHashes))]
    public void Ecdsa_signatures_verify_as_cavp_says(int curve, int hash)
    {
        List<bool> results = [];
        foreach (Dictionary<string, string> record in DebianVectors.Records($"{Ecdsa}/SigVer.rsp", $"P-{curve},SHA-{hash}", "Result"))
        {
            bool isValid = record["Result"].StartsWith('P');
            IsSignedBy(record, curve, hash).Should().Be(isValid, record["Result"]);
            results.Add(isValid);
        }

        results.Should().HaveCount(15).And.Contain(true).And.Contain(false);
    }

    /// <summary>FIPS 186-3: the private key has the public one, and verifies the signature of CAVP and one of its own.</summary>
    [TheoryIf(Requirement.DebianVectors)]
    [MemberData(nameof(CurvesAndHashes))]
    public void Ecdsa_keys_of_cavp_sign(int curve, int hash)
    {
        int count = 0;
        SignatureParameters parameters = VectorKeys.With(VectorKeys.Hash($"SHA-{hash}"));
        foreach (Dictionary<string, string> record in DebianVectors.Records($"{Ecdsa}/SigGen.txt", $"P-{curve},SHA-{hash}", "S"))
        {
            ECParameters numbers = NumbersOf(record, curve);
            numbers.D = record.Number("d").ToBytes(numbers.Q.X!.Length);
            using var platform = ECDsa.Create(numbers);
            using EcdsaKey key = VectorKeys.LoadPkcs8<EcdsaKey>($"EC-P{curve}", platform);
            using EcdsaKey other = VectorKeys.Ecdsa($"EC-P{curve}", key.PublicKey);
            byte[] message = record.Bytes("Msg");
            key.Verifies(message, DerOf(record), parameters).Should().BeTrue();
            other.Verifies(message, key.Sign(message, parameters), parameters).Should().BeTrue();
            IsSignedBy(record, curve, hash).Should().BeTrue();
            count++;
        }

        count.Should().Be(15);
    }

    /// <summary>RFC 8032 and the 1,023 others of its authors, each signed again.</summary>
    [FactIf(Requirement.DebianVectors)]
    public void Ed25519_signs_as_its_authors_do()
    {
        string[] lines = DebianVectors.Lines("asymmetric/Ed25519/sign.input");
        foreach (string line in lines)
        {
            byte[][] parts = [.. line.Split(':').Select(Convert.FromHexString)];
            (byte[] seed, byte[] publicKey, byte[] message, byte[] signature) = (parts[0][..32], parts[1], parts[2], parts[3][..64]);
            using Ed25519Key key = VectorKeys.Load<Ed25519Key>("Ed25519", seed);
            key.PublicKey.ToArray().Should().Equal(publicKey);
            key.Sign(message, default).Should().Equal(signature);
            key.Verify(message, default, signature).Should().BeTrue();
            signature[^1] ^= 1;
            key.Verify(message, default, signature).Should().BeFalse();
        }

        lines.Should().HaveCount(1024);
    }

    /// <summary>RFC 4231, without the truncated one.</summary>
    [TheoryIf(Requirement.DebianVectors)]
    [InlineData(256)]
    [InlineData(384)]
    [InlineData(512)]
    public void Hmac_is_that_of_rfc_4231(int hash)
    {
        int count = 0;
        foreach (Dictionary<string, string> record in DebianVectors.Records($"HMAC/rfc-4231-sha{hash}.txt", null, "MD"))
        {
            using HmacKey key = VectorKeys.Load<HmacKey>($"HMAC-{hash}", record.Bytes("Key"));
            byte[] mac = record.Bytes("MD");
            key.GenerateMac(record.Bytes("Msg")).Should().Equal(mac);
            key.VerifyMac(record.Bytes("Msg"), mac).Should().BeTrue();
            key.VerifyMac(record.Bytes("Msg"), mac.AsSpan(0, mac.Length - 1)).Should().BeFalse();
            mac[0] ^= 1;
            key.VerifyMac(record.Bytes("Msg"), mac).Should().BeFalse();
            count++;
        }

        count.Should().Be(6);
    }

    [TheoryIf(Requirement.DebianVectors)]
    [MemberData(nameof(ModuliAndHashes))]
    public void Pkcs1_signatures_verify_as_cavp_says(int bits, int hash)
    {
        List<bool> results = [];
        SignatureParameters parameters = VectorKeys.With(VectorKeys.Hash($"SHA-{hash}"), SignaturePadding.Pkcs1);
        foreach (Dictionary<string, string> record in RsaRecords("SigVer15_186-3.rsp", bits, hash, "Result"))
        {
            bool isValid = record["Result"].StartsWith('P');
            using RsaKey key = VectorKeys.Rsa(RSA.Create(PublicOf(record)));
            key.Verifies(record.Bytes("Msg"), record.Bytes("S"), parameters).Should().Be(isValid, record["Result"]);
            results.Add(isValid);
            if (!isValid)
                continue;

            using RSA platform = RSA.Create(PrivateOf(record, "p", "q"));
            using RsaKey signer = VectorKeys.LoadPkcs8<RsaKey>($"RSA-{bits}", platform);
            signer.Sign(record.Bytes("Msg"), parameters).Should().Equal(record.Bytes("S"), "it is deterministic");
        }

        foreach (Dictionary<string, string> record in RsaRecords("SigGen15_186-3.rsp", bits, hash, "S"))
        {
            using RsaKey key = VectorKeys.Rsa(RSA.Create(PublicOf(record)));
            key.Verifies(record.Bytes("Msg"), record.Bytes("S"), parameters).Should().BeTrue();
            results.Add(true);
        }

        results.Should().HaveCount(18 + 10).And.Contain(false);
    }

    /// <summary>Their salt has 10 bytes, and Qkms takes only one as long as the hash: even the good ones are none.</summary>
    [TheoryIf(Requirement.DebianVectors)]
    [MemberData(nameof(ModuliAndHashes))]
    public void Pss_signatures_with_a_salt_of_another_length_are_refused(int bits, int hash)
    {
        List<bool> results = [];
        foreach (Dictionary<string, string> record in RsaRecords("SigVerPSS_186-3.rsp", bits, hash, "Result"))
        {
            using RsaKey key = VectorKeys.Rsa(RSA.Create(PublicOf(record)));
            key.Verifies(record.Bytes("Msg"), record.Bytes("S"), VectorKeys.With(VectorKeys.Hash($"SHA-{hash}"), SignaturePadding.Pss))
                .Should().BeFalse();
            results.Add(record["Result"].StartsWith('P'));
        }

        results.Should().HaveCount(18).And.Contain(true);
    }

    [TheoryIf(Requirement.DebianVectors)]
    [InlineData("SHA-1", "pkcs-1v2-1d2-vec/oaep-vect.txt", 6)]
    [InlineData("SHA-256", "oaep-custom/oaep-sha256-sha256.txt", 60)]
    [InlineData("SHA-384", "oaep-custom/oaep-sha384-sha384.txt", 60)]
    [InlineData("SHA-512", "oaep-custom/oaep-sha512-sha512.txt", 60)]
    public void Oaep_opens_what_others_encrypted(string hash, string file, int count)
    {
        int opened = 0;
        foreach (Dictionary<string, string> record in OaepRecords(file))
        {
            using RSA platform = RSA.Create(PrivateOf(record, "Prime 1", "Prime 2"));
            using RsaKey key = VectorKeys.LoadPkcs8<RsaKey>("RSA-2048", platform, hash);
            key.Opens(record.Bytes("Encryption")).Should().Equal(record.Bytes("Message"));
            opened++;
        }

        opened.Should().Be(count);
    }

    /// <summary>Qkms takes the hash of OAEP for MGF1 too, as RFC 8017 advises: what has two of them does not open with either.</summary>
    [TheoryIf(Requirement.DebianVectors)]
    [InlineData(1, 256)]
    [InlineData(256, 1)]
    [InlineData(256, 512)]
    [InlineData(384, 256)]
    [InlineData(512, 384)]
    public void Oaep_with_two_hashes_does_not_open(int one, int other)
    {
        int refused = 0;
        foreach (Dictionary<string, string> record in OaepRecords($"oaep-custom/oaep-sha{one}-sha{other}.txt"))
        {
            using RSA platform = RSA.Create(PrivateOf(record, "Prime 1", "Prime 2"));
            foreach (int hash in new[] { one, other })
            {
                using RsaKey key = VectorKeys.LoadPkcs8<RsaKey>("RSA-2048", platform, $"SHA-{hash}");
                key.Opens(record.Bytes("Encryption")).Should().BeNull();
            }

            refused++;
        }

        refused.Should().Be(60);
    }

    private static TheoryData<int, int> Pairs(params int[] sizes)
    {
        TheoryData<int, int> data = [];
        foreach (int size in sizes)
        {
            foreach (int hash in new[] { 256, 384, 512 })
                data.Add(size, hash);
        }

        return data;
    }

    private static IEnumerable<Dictionary<string, string>> RsaRecords(string file, int bits, int hash, string last) =>
        DebianVectors.Records($"{Rsa}/{file}", $"mod = {bits}", last).Where(record => record["SHAAlg"] == $"SHA{hash}");

    private static IEnumerable<Dictionary<string, string>> OaepRecords(string file) =>
        DebianVectors.NamedRecords($"asymmetric/RSA/{file}", "Encryption")
            .Where(record => record.Number("Modulus").GetBitLength() == 2048);

    // A key that the platform refuses to load signs nothing.
    private static bool IsSignedBy(Dictionary<string, string> record, int curve, int hash)
    {
        try
        {
            using var platform = ECDsa.Create(NumbersOf(record, curve));
            using EcdsaKey key = VectorKeys.Ecdsa($"EC-P{curve}", platform.ExportSubjectPublicKeyInfo());
            return key.Verifies(record.Bytes("Msg"), DerOf(record), VectorKeys.With(VectorKeys.Hash($"SHA-{hash}")));
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static ECParameters NumbersOf(Dictionary<string, string> record, int curve)
    {
        int size = (curve + 7) / 8;
        return new ECParameters
        {
            Curve = curve switch
            {
                256 => ECCurve.NamedCurves.nistP256,
                384 => ECCurve.NamedCurves.nistP384,
                _ => ECCurve.NamedCurves.nistP521,
            },
            Q = new ECPoint { X = record.Number("Qx").ToBytes(size), Y = record.Number("Qy").ToBytes(size) },
        };
    }

    private static byte[] DerOf(Dictionary<string, string> record)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(record.Number("R"));
            writer.WriteInteger(record.Number("S"));
        }

        return writer.Encode();
    }

    private static RSAParameters PublicOf(Dictionary<string, string> record) =>
        new() { Modulus = record.Number("n").ToBytes(), Exponent = record.Number("e").ToBytes() };

    private static RSAParameters PrivateOf(Dictionary<string, string> record, string first, string second)
    {
        bool isCavp = record.ContainsKey("n");
        (BigInteger p, BigInteger q) = (record.Number(first), record.Number(second));
        BigInteger d = record.Number(isCavp ? "d" : "Exponent");
        int size = ((int)(p * q).GetBitLength() + 7) / 8;
        return new RSAParameters
        {
            Modulus = (p * q).ToBytes(),
            Exponent = record.Number(isCavp ? "e" : "Public exponent").ToBytes(),
            D = d.ToBytes(size),
            P = p.ToBytes(size / 2),
            Q = q.ToBytes(size / 2),
            DP = (d % (p - 1)).ToBytes(size / 2),
            DQ = (d % (q - 1)).ToBytes(size / 2),
            InverseQ = BigInteger.ModPow(q, p - 2, p).ToBytes(size / 2),
        };
    }
}
