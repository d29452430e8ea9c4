namespace Qkms.Tests.Cryptography;

/// <summary>A test of one engine, skipped by the engine's name where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EngineFactAttribute : FactAttribute
{
    public EngineFactAttribute(string engine)
    {
        Engine = engine;
        Skip = EngineUnderTest.Absence(engine);
    }

    public string Engine { get; }
}
