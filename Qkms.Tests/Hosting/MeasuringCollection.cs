namespace Qkms.Tests.Hosting;

/// <summary>What is compared is how long requests take, so these tests run while no others do.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuringCollection
{
    public const string Name = "Measuring";
}
