namespace Qkms.Tests.Cryptography;

/// <summary>What ML-KEM and ML-DSA keys have alike.</summary>
public sealed partial class EngineContractTests
{
    public static TheoryData<string, string> AllSets => EngineUnderTest.EachWith([.. Algorithms.MLKemSets, .. Algorithms.MLDsaSets]);

    [Theory]
    [MemberData(nameof(AllSets))]
    public void Every_form_of_a_key_survives_export_and_import(string engine, string set)
    {
        using TestedKey key = TestedKey.Generate(EngineUnderTest.Present[engine], set);
        byte[] seed = key.Seed();
        byte[] expanded = key.Expanded();

        using TestedKey fromSeed = key.FromSeed(seed);
        using TestedKey fromPkcs8 = key.FromPkcs8(key.Pkcs8());
        using TestedKey fromBoth = key.FromPkcs8(Pkcs8.Both(Containers.Oid(key.Spki()), seed, expanded));
        foreach (TestedKey copy in new[] { fromSeed, fromPkcs8, fromBoth })
            copy.Seed().Should().Equal(seed);

        using TestedKey fromExpanded = key.FromExpanded(expanded);
        using TestedKey fromExpandedPkcs8 = key.FromPkcs8(fromExpanded.Pkcs8());
        foreach (TestedKey copy in new[] { fromExpanded, fromExpandedPkcs8 })
            FluentActions.Invoking(() => copy.Seed()).Should().Throw<CryptographicException>("a seed cannot be computed back");

        key.Set.Should().Be(set);
        foreach (TestedKey copy in new[] { fromSeed, fromPkcs8, fromBoth, fromExpanded, fromExpandedPkcs8 })
        {
            copy.Set.Should().Be(set);
            copy.Expanded().Should().Equal(expanded);
            copy.Public().Should().Equal(key.Public());
            copy.ShouldBeThePrivateKeyOf(key);
        }

        using TestedKey fromPublic = key.FromPublic(key.Public());
        using TestedKey fromSpki = key.FromSpki(key.Spki());
        foreach (TestedKey copy in new[] { fromPublic, fromSpki })
        {
            copy.Set.Should().Be(set);
            copy.Public().Should().Equal(key.Public());
            copy.Spki().Should().Equal(key.Spki());
            key.ShouldBeThePrivateKeyOf(copy);
        }
    }

    [Theory]
    [MemberData(nameof(AllSets))]
    public void Containers_of_the_base_class_hold_the_same_key(string engine, string set)
    {
        using TestedKey key = TestedKey.Generate(EngineUnderTest.Present[engine], set);
        byte[] pkcs8 = key.Pkcs8();
        Containers.Decode(key.Pkcs8Pem(), "PRIVATE KEY").Should().Equal(pkcs8);
        byte[] encrypted = Containers.Decode(key.EncryptedPkcs8Pem("password", _pbe), "ENCRYPTED PRIVATE KEY");
        encrypted.AsSpan().IndexOf(key.Seed()).Should().Be(-1);
        Containers.Decode(key.SpkiPem(), "PUBLIC KEY").Should().Equal(key.Spki());
        key.TryWritePkcs8(new byte[pkcs8.Length - 1], out int written).Should().BeFalse();
        written.Should().Be(0);
        byte[] exact = new byte[pkcs8.Length];
        key.TryWritePkcs8(exact, out written).Should().BeTrue();
        exact.Should().Equal(pkcs8);
    }

    [Theory]
    [MemberData(nameof(AllSets))]
    public void Malformed_containers_are_refused(string engine, string set)
    {
        EngineUnderTest tested = EngineUnderTest.Present[engine];
        using TestedKey key = TestedKey.Generate(tested, set);
        using TestedKey other = TestedKey.Generate(tested, set);
        Pkcs8.RefusesEveryMutilation(
            key.Pkcs8(),
            22,
            source => tested.ReadsOverVersion(source) ? throw new CryptographicException("accepted by design") : key.FromPkcs8(source));
        Pkcs8.RefusesEveryMutilation(
            key.Spki(),
            22,
            source => tested.ReadsOverUnusedBits(source) ? throw new CryptographicException("accepted by design") : key.FromSpki(source));
        byte[] mixed = Pkcs8.Both(Containers.Oid(key.Spki()), key.Seed(), other.Expanded());
        FluentActions.Invoking(() => key.FromPkcs8(mixed)).Should().Throw<CryptographicException>("seed and expanded key differ");

        using TestedKey foreign = TestedKey.GenerateOfOtherFamily(tested, set);
        FluentActions.Invoking(() => key.FromPkcs8(foreign.Pkcs8())).Should().Throw<CryptographicException>("the key is {0}", foreign.Set);
        FluentActions.Invoking(() => key.FromSpki(foreign.Spki())).Should().Throw<CryptographicException>("the key is {0}", foreign.Set);
    }

    [Theory]
    [MemberData(nameof(AllSets))]
    public void Public_key_alone_does_nothing_that_takes_a_private_key(string engine, string set)
    {
        using TestedKey key = TestedKey.Generate(EngineUnderTest.Present[engine], set);
        using TestedKey publicKey = key.FromPublic(key.Public());
        foreach (Action action in (Action[])[.. publicKey.PrivateUses, .. PrivateExportsOf(publicKey)])
            action.Should().Throw<CryptographicException>();
    }

    [Theory]
    [MemberData(nameof(AllSets))]
    public void Disposed_key_does_nothing(string engine, string set)
    {
        TestedKey key = TestedKey.Generate(EngineUnderTest.Present[engine], set);
        TestedKey publicKey = key.FromPublic(key.Public());
        key.Dispose();
        key.Dispose();
        publicKey.Dispose();
        foreach (Action action in (Action[])
        [
            .. key.PrivateUses,
            .. key.PublicUses,
            .. publicKey.PublicUses,
            .. PrivateExportsOf(key),
            () => key.Public(),
            () => publicKey.Public(),
            () => key.TryWritePkcs8(new byte[8192], out _),
            () => key.Spki(),
            () => key.SpkiPem(),
        ])
        {
            action.Should().Throw<ObjectDisposedException>();
        }
    }

    [Theory]
    [MemberData(nameof(AllSets))]
    public void One_key_works_on_many_threads(string engine, string set)
    {
        using TestedKey key = TestedKey.Generate(EngineUnderTest.Present[engine], set);
        Parallel.For(0, 64, _ => key.ShouldBeThePrivateKeyOf(key));
    }

    private static Action[] PrivateExportsOf(TestedKey key) =>
        [() => key.Seed(), () => key.Expanded(), () => key.Pkcs8(), () => key.EncryptedPkcs8("password", _pbe)];
}
