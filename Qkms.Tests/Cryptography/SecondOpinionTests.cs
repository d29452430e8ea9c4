using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Keys;
using Qkms.Tests.Support;

namespace Qkms.Tests.Cryptography;

/// <summary>V-01: no key leaves the factory before two independent implementations agree on it.</summary>
public sealed class SecondOpinionTests
{
    public static TheoryData<string> Engines => [.. EngineUnderTest.Present.Keys];

    public static TheoryData<string, string> Sets
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string engine in EngineUnderTest.Present.Keys)
            {
                foreach (string set in (string[])["ML-KEM-512", "ML-KEM-768", "ML-KEM-1024", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"])
                    data.Add(engine, set);
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

    // Every engine asks BouncyCastle and the managed one, so that one of them is never alone.
    [Theory]
    [MemberData(nameof(Sets))]
    public void Key_is_refused_when_the_other_implementation_derives_another_one(string engine, string set)
    {
        foreach (string wrong in (string[])[PqcEngines.BouncyCastle, PqcEngines.Managed])
        {
            if (wrong == engine)
                continue;

            SecondOpinion opinion = new(EngineUnderTest.Present[engine].Engine, [new WrongEngine(set)]);
            KeyMaterialFactory factory = new(opinion);
            KeyAlgorithm algorithm = KeyAlgorithm.TryParse(set, out KeyAlgorithm? found) ? found : throw new ArgumentException(set);
            FluentActions.Invoking(() => factory.Create(algorithm, algorithm.DefaultUse)).Should().Throw<EngineFaultException>().WithMessage($"*{set}*'{engine}'*'wrong'*");
            FluentActions.Invoking(opinion.Compare).Should().Throw<EngineFaultException>().WithMessage($"*{set}*");
        }
    }
}
