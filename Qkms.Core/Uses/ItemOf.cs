namespace Qkms.Core.Uses;

/// <summary>What became of one item of a batch: a result, or a refusal that concerns this item alone.</summary>
/// <param name="Result">The result, or null.</param>
/// <param name="Refusal">The refusal, or null.</param>
public sealed record ItemOf<T>(T? Result, KmsException? Refusal)
    where T : class;
