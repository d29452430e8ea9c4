using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Text.RegularExpressions;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// What is, and what is not, PKCS #8 and SubjectPublicKeyInfo of ML-KEM and ML-DSA (RFC 5958, section 2; RFC 9881; RFC 9935): by rule, and
/// by comparison with the readers of BouncyCastle, which Qkms does not use, and of the platform.
/// </summary>
public sealed class KeyFormatsTests
{
    private static readonly byte[] _attribute = Convert.FromHexString("3010060355040331090C076578616D706C65");

    // X.690, section 8 against section 10. RFC 9881 and RFC 9935 want DER.
    private static readonly KnownDisagreement _ber = Refused(
        "it is BER, and not DER", "(with a longer length|with an indefinite length|in two pieces|/2:04 of the other form)$");

    private static readonly KnownDisagreement _parameters = Refused(
        "the algorithm has no parameters (RFC 9881, section 2; RFC 9935, section 3)",
        "/0:30/[01]:30(/0:06)? (doubled|before .*|continued by itself)$");

    private static readonly KnownDisagreement _versionWithoutPublicKey = Refused(
        "a key without public key has version 0 (RFC 5958, section 2)", "public /0:30/[34]:81 removed$");

    private static readonly KnownDisagreement _attributes = Refused(
        "an attribute is a type and a set of values (RFC 5958, section 2)", "attributes .*/3:A0");

    private static readonly KnownDisagreement _values = new(
        "values of attributes are not looked into", new Regex("^accepted: .* attributes.*/3:A0/0:30/1:31"));

    private static readonly KnownDisagreement _pairwise = new(
        "OpenSSL makes a pairwise test, which FIPS 203, section 7.3, does not ask for",
        new Regex("^accepted: Expanded.*/2:04/0:04 changed in its first byte$"));

    private static readonly KnownDisagreement _parts = Refused(
        "the parts of an expanded ML-DSA key belong together (RFC 9881, appendix C.4)",
        "Expanded .*/0:30(/2:04)?(/0:04)? changed in its (first|last) byte");

    private static readonly string[] _sets = [.. Algorithms.MLKemSets, .. Algorithms.MLDsaSets];

    public static TheoryData<string> Sets => new(_sets);

    public static TheoryData<string, string> EnginesAndSets => EngineUnderTest.EachWith(_sets);

    // F-30
    [Theory]
    [MemberData(nameof(EnginesAndSets))]
    public void What_follows_the_private_key_is_attributes_and_a_public_key_or_refused(string engine, string set)
    {
        Sample sample = new(set);
        foreach (Choice choice in Enum.GetValues<Choice>())
        {
            Refused(sample.Write(choice, behind: [0x02, 0x01, 0x05]), "an INTEGER follows");
            Refused(sample.Write(choice, behind: [0x04, 0x01, 0x05]), "an OCTET STRING follows");
            Refused(sample.Write(choice, behind: [0x85, 0x01, 0x05]), "[5] follows");
            Refused(sample.Write(choice, attributes: true, behind: [0xA0, 0x00]), "attributes stand there twice");
        }

        void Refused(byte[] pkcs8, string because) =>
            FluentActions.Invoking(() => Import(EngineUnderTest.Present[engine], set, pkcs8))
                .Should().Throw<CryptographicException>(because);
    }

    // F-30
    [Theory]
    [MemberData(nameof(EnginesAndSets))]
    public void Empty_part_of_both_is_refused(string engine, string set)
    {
        Sample sample = new(set);
        Refused(Pkcs8.Both(sample.Oid, [], sample.Expanded));
        Refused(Pkcs8.Both(sample.Oid, sample.Seed, []));
        Refused(Pkcs8.Both(sample.Oid, [], []));

        void Refused(byte[] pkcs8) =>
            FluentActions.Invoking(() => Import(EngineUnderTest.Present[engine], set, pkcs8)).Should().Throw<CryptographicException>();
    }

    // F-30: version 1 is for structures with a public key (RFC 5958, section 2), which must be that of the private key.
    [Theory]
    [InlineData(PqcEngines.Managed)]
    [InlineData(PqcEngines.BouncyCastle)]
    public void Version_attributes_and_public_key_fit_each_other(string engine)
    {
        foreach (string set in _sets)
        {
            Sample sample = new(set);
            byte[] otherPublicKey = [.. sample.PublicKey];
            otherPublicKey[^1] ^= 1;
            foreach (Choice choice in Enum.GetValues<Choice>())
            {
                Accepted(sample.Write(choice));
                Accepted(sample.Write(choice, attributes: true));
                Accepted(sample.Write(choice, version: 1, publicKey: sample.PublicKey));
                Accepted(sample.Write(choice, version: 1, attributes: true, publicKey: sample.PublicKey));
                Refused(sample.Write(choice, version: 1), "version 1 has a public key");
                Refused(sample.Write(choice, version: 1, attributes: true), "version 1 has a public key");
                Refused(sample.Write(choice, publicKey: sample.PublicKey), "version 0 has no public key");
                Refused(sample.Write(choice, version: 2, publicKey: sample.PublicKey), "there is no version 2");
                Refused(sample.Write(choice, version: 1, publicKey: otherPublicKey), "the public key is another");
                Refused(sample.Write(choice, version: 1, publicKey: sample.PublicKey[..^1]), "the public key is short");
                Refused(sample.Write(choice, version: 1, publicKey: []), "the public key is empty");
            }

            void Accepted(byte[] pkcs8)
            {
                using IDisposable key = Import(EngineUnderTest.Present[engine], set, pkcs8);
                PublicKeyOf(key).Should().Equal(sample.PublicKey);
            }

            void Refused(byte[] pkcs8, string because) =>
                FluentActions.Invoking(() => Import(EngineUnderTest.Present[engine], set, pkcs8))
                    .Should().Throw<CryptographicException>(because);
        }
    }

    // F-30: the shapes above stand for their kind. Every part of every structure is removed, doubled, cut, renamed, preceded and followed.
    [Theory]
    [MemberData(nameof(Sets))]
    public void Mutated_private_keys_get_the_verdict_of_other_readers(string set)
    {
        Sample sample = new(set);
        Comparison bouncyCastle = new(
        [
            _ber,
            _parameters,
            Refused("a key without public key has version 0 (RFC 5958, section 2)", @"(?<! public) /0:30/0:02 "),
            _versionWithoutPublicKey,
            Refused("the public key is not that of the private key",
                "public /0:30(/[34]:81|/1:30|/1:30/0:06|/2:04|/2:04/0:80)? (changed in|cut at|continued by|with content)"),
            _attributes,
            _values,
            .. IsKem(set) ? Array.Empty<KnownDisagreement>() : [_parts],
        ]);
        Comparison platform = new(
        [
            _ber,
            _attributes,
            _values,
            _versionWithoutPublicKey,
            Refused("the version is 0 or 1 (RFC 5958, section 2)", "/0:30/0:02 "),
            new("the platform reads no public key in a private one", new Regex("^accepted: .* public ")),
            .. IsKem(set) ? [_pairwise] : Array.Empty<KnownDisagreement>(),
        ]);
        foreach (Choice choice in Enum.GetValues<Choice>())
        {
            foreach (bool attributes in new[] { false, true })
            {
                foreach (byte[]? publicKey in new[] { null, sample.PublicKey })
                {
                    byte[] whole = sample.Write(choice, publicKey is null ? 0 : 1, attributes, publicKey);
                    string shape = $"{choice}{(attributes ? " attributes" : string.Empty)}{(publicKey is null ? string.Empty : " public")}";
                    foreach ((string change, byte[] der) in DerNode.Mutants(whole))
                    {
                        byte[]? ours = Ours(engine => Import(engine, set, der));
                        bouncyCastle.Add($"{shape} {change}", ours, Theirs(() => PrivateKeyFactory.CreateKey(der), set));
                        if (EngineUnderTest.Present.TryGetValue(PqcEngines.Platform, out EngineUnderTest? engine))
                            platform.Add($"{shape} {change}", ours, PublicKeyOrNull(() => Import(engine, set, der)));
                    }
                }
            }
        }

        int accepted = set switch { "ML-KEM-512" => 357, "ML-KEM-768" or "ML-KEM-1024" => 361, "ML-DSA-44" => 340, _ => 344 };
        bouncyCastle.ShouldBe(4912, accepted);
        platform.ShouldBe(4912, accepted);
    }

    // F-30
    [Theory]
    [MemberData(nameof(Sets))]
    public void Mutated_public_keys_get_the_verdict_of_other_readers(string set)
    {
        Sample sample = new(set);
        Comparison bouncyCastle = new(_ber, _parameters);

        // The last bit is zero, so that it can be declared unused: any seed of an ML-KEM matrix, and any t₁ of ML-DSA, is as good.
        sample.SubjectPublicKeyInfo[^1] &= 0xFE;
        Comparison platform = new(Refused("a public key is whole bytes", "/1:03 changed in its first byte$"));
        foreach ((string change, byte[] der) in DerNode.Mutants(sample.SubjectPublicKeyInfo))
        {
            byte[]? ours = Ours(engine => ImportPublic(engine, set, der));
            bouncyCastle.Add(change, ours, Theirs(() => PublicKeyFactory.CreateKey(der), set));
            if (EngineUnderTest.Present.TryGetValue(PqcEngines.Platform, out EngineUnderTest? engine))
                platform.Add(change, ours, PublicKeyOrNull(() => ImportPublic(engine, set, der)));
        }

        bouncyCastle.ShouldBe(169, accepted: 2);
        platform.ShouldBe(169, accepted: 2);
    }

    private static KnownDisagreement Refused(string reason, [StringSyntax(StringSyntaxAttribute.Regex)] string changes) =>
        new(reason, new Regex($"^refused: .*{changes}"));

    private static bool IsKem(string set) => set.StartsWith("ML-KEM", StringComparison.Ordinal);

    private static IDisposable Import(EngineUnderTest engine, string set, byte[] pkcs8) =>
        IsKem(set) ? engine.ImportMLKemPkcs8(pkcs8) : engine.ImportMLDsaPkcs8(pkcs8);

    private static IDisposable ImportPublic(EngineUnderTest engine, string set, byte[] spki) =>
        IsKem(set) ? engine.ImportMLKemSpki(spki) : engine.ImportMLDsaSpki(spki);

    private static byte[] PublicKeyOf(IDisposable key) =>
        key is MLKem kem ? kem.ExportEncapsulationKey() : ((MLDsa)key).ExportMLDsaPublicKey();

    /// <summary>
    /// The public key that both engines with our reader take from it, or null where they refuse; anything but a refusal by exception fails.
    /// </summary>
    private static byte[]? Ours(Func<EngineUnderTest, IDisposable> import)
    {
        byte[]? managed = PublicKeyOrNull(() => import(EngineUnderTest.Present[PqcEngines.Managed]));
        PublicKeyOrNull(() => import(EngineUnderTest.Present[PqcEngines.BouncyCastle])).Should().Equal(managed);
        return managed;
    }

    private static byte[]? PublicKeyOrNull(Func<IDisposable> import)
    {
        try
        {
            using IDisposable key = import();
            return PublicKeyOf(key);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static byte[]? Theirs(Func<AsymmetricKeyParameter> read, string set)
    {
        try
        {
            return read() switch
            {
                MLKemPrivateKeyParameters key when IsKem(set) => key.GetPublicKeyEncoded(),
                MLKemPublicKeyParameters key when IsKem(set) => key.GetEncoded(),
                MLDsaPrivateKeyParameters key when !IsKem(set) => key.GetPublicKeyEncoded(),
                MLDsaPublicKeyParameters key when !IsKem(set) => key.GetEncoded(),
                _ => null,
            };
        }
#pragma warning disable CA1031 // BouncyCastle refuses by whatever exception comes up.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private enum Choice
    {
        Seed,
        Expanded,
        Both,
    }

    /// <summary>A key of a set and the structures that hold it.</summary>
    private sealed class Sample
    {
        internal Sample(string set)
        {
            ManagedEngine engine = new();
            if (IsKem(set))
            {
                using MLKem key = engine.GenerateMLKem(Algorithms.MLKem(set));
                (Seed, Expanded, PublicKey) = (key.ExportPrivateSeed(), key.ExportDecapsulationKey(), key.ExportEncapsulationKey());
                SubjectPublicKeyInfo = key.ExportSubjectPublicKeyInfo();
            }
            else
            {
                using MLDsa key = engine.GenerateMLDsa(Algorithms.MLDsa(set));
                (Seed, Expanded, PublicKey) = (key.ExportMLDsaPrivateSeed(), key.ExportMLDsaPrivateKey(), key.ExportMLDsaPublicKey());
                SubjectPublicKeyInfo = key.ExportSubjectPublicKeyInfo();
            }

            Oid = Containers.Oid(SubjectPublicKeyInfo);
        }

        internal byte[] Seed { get; }

        internal byte[] Expanded { get; }

        internal byte[] PublicKey { get; }

        internal byte[] SubjectPublicKeyInfo { get; }

        internal string Oid { get; }

        internal byte[] Write(Choice choice, int version = 0, bool attributes = false, byte[]? publicKey = null, byte[]? behind = null)
        {
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                writer.WriteInteger(version);
                using (writer.PushSequence())
                    writer.WriteObjectIdentifier(Oid);
                using (writer.PushOctetString())
                {
                    switch (choice)
                    {
                        case Choice.Seed:
                            writer.WriteOctetString(Seed, new Asn1Tag(TagClass.ContextSpecific, 0));
                            break;
                        case Choice.Expanded:
                            writer.WriteOctetString(Expanded);
                            break;
                        default:
                            using (writer.PushSequence())
                            {
                                writer.WriteOctetString(Seed);
                                writer.WriteOctetString(Expanded);
                            }

                            break;
                    }
                }

                if (attributes)
                {
                    using (writer.PushSetOf(new Asn1Tag(TagClass.ContextSpecific, 0)))
                        writer.WriteEncodedValue(_attribute);
                }

                if (publicKey is not null)
                    writer.WriteBitString(publicKey, tag: new Asn1Tag(TagClass.ContextSpecific, 1));
                if (behind is not null)
                    writer.WriteEncodedValue(behind);
            }

            return writer.Encode();
        }
    }

    /// <summary>Counts verdicts, of which those that differ must be known by their reason.</summary>
    private sealed class Comparison(params KnownDisagreement[] known)
    {
        private readonly HashSet<KnownDisagreement> _met = [];
        private readonly List<string> _unknown = [];
        private int _count;
        private int _accepted;

        internal void Add(string change, byte[]? ours, byte[]? theirs)
        {
            _count++;
            if (ours is not null)
                _accepted++;
            if (ours is null ? theirs is null : ours.AsSpan().SequenceEqual(theirs))
                return;
            string name = $"{(ours is null ? "refused" : theirs is null ? "accepted" : "another key")}: {change}";
            if (known.FirstOrDefault(candidate => candidate.Changes.IsMatch(name)) is { } disagreement)
                _met.Add(disagreement);
            else
                _unknown.Add(name);
        }

        internal void ShouldBe(int count, int accepted)
        {
            if (_count == 0 && EngineUnderTest.Absence(PqcEngines.Platform) is not null)
                return;
            string.Join('\n', _unknown).Should().BeEmpty("other readers give another verdict");
            known.Except(_met).Should().BeEmpty("what is known to differ does");
            (_count, _accepted).Should().Be((count, accepted));
        }
    }

    /// <summary>Changes about which readers differ, and why ours says what it says.</summary>
    private sealed record KnownDisagreement(string Reason, Regex Changes);
}
