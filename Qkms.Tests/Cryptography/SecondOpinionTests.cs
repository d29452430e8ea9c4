namespace Qkms.Tests.Cryptography;

/// <summary>V-01: no key leaves the factory before two independent implementations agree on it.</summary>
public sealed class SecondOpinionTests
{
    private static readonly string[] _sets = [.. Algorithms.MLKemSets, .. Algorithms.MLDsaSets];

    public static TheoryData<string> Engines => [.. EngineUnderTest.Present.Keys];

    public static TheoryData<string, string, string> Faults
    {
        get
        {
            TheoryData<string, string, string> data = [];
            foreach (string engine in EngineUnderTest.Present.Keys)
            {
                foreach (string set in _sets)
                {
                    foreach (string fault in Enum.GetNames<WrongEngine.Fault>())
                        data.Add(engine, set, fault);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Engines_agree_on_fresh_keys_of_every_set(string engine)
    {
        SecondOpinion opinion = new(EngineUnderTest.Present[engine].Engine);
        for (int i = 0; i < 4; i++)
            opinion.Compare();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Every_engine_is_held_against_BouncyCastle_and_the_managed_one(string engine)
    {
        string[] others = [.. ((string[])[PqcEngines.BouncyCastle, PqcEngines.Managed]).Except([engine])];
        new SecondOpinion(EngineUnderTest.Present[engine].Engine).Others.Select(other => other.Name).Should().Equal(others);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void No_key_is_made_when_another_implementation_computes_otherwise(string engine, string set, string fault)
    {
        SecondOpinion opinion = new(EngineUnderTest.Present[engine].Engine, [new WrongEngine(set, Enum.Parse<WrongEngine.Fault>(fault))]);
        foreach (string name in _sets)
        {
            KeyAlgorithm algorithm = KeyAlgorithm.FromStored(name);
            Func<NewKeyMaterial> create = () => algorithm.Family.Generate(algorithm, algorithm.Uses[0], new KeyMakers(opinion));
            if (name == set)
                create.Should().Throw<EngineFaultException>().WithMessage($"*{set}*'{engine}'*'wrong'*");
            else
                create.Should().NotThrow().Which.Dispose();
        }

        FluentActions.Invoking(opinion.Compare).Should().Throw<EngineFaultException>().WithMessage($"*{set}*");
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void No_key_is_made_when_the_engine_in_use_computes_otherwise(string engine, string set, string fault)
    {
        KeyAlgorithm algorithm = KeyAlgorithm.FromStored(set);
        SecondOpinion opinion = new(new WrongEngine(set, Enum.Parse<WrongEngine.Fault>(fault)), [EngineUnderTest.Present[engine].Engine]);
        Func<NewKeyMaterial> create = () => algorithm.Family.Generate(algorithm, algorithm.Uses[0], new KeyMakers(opinion));

        // An engine that cannot make a key at all says so by itself.
        if (fault == nameof(WrongEngine.Fault.Failure))
            create.Should().Throw<CryptographicException>();
        else
            create.Should().Throw<EngineFaultException>().WithMessage($"*{set}*'wrong'*'{engine}'*");
    }

    [Fact]
    public void Stored_seed_is_the_one_that_was_confirmed()
    {
        SecondOpinion opinion = new(PqcEngines.Select(PqcEngines.BouncyCastle));
        using NewKeyMaterial made = KeyAlgorithm.MLKem768.Family.Generate(KeyAlgorithm.MLKem768, KeyUse.Encryption, new KeyMakers(opinion));
        using MLKem read = PqcEngines.Select(PqcEngines.Managed).ImportMLKemPrivateSeed(MLKemAlgorithm.MLKem768, made.PrivateKey.Span);
        read.ExportEncapsulationKey().Should().Equal(made.PublicKey);
    }
}
