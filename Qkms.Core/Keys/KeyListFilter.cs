using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>Which versions a list shows; null = all.</summary>
/// <param name="Algorithm">Only this algorithm.</param>
/// <param name="Name">Only this name.</param>
/// <param name="Status">Only this status.</param>
public sealed record KeyListFilter(KeyAlgorithm? Algorithm, KeyName? Name, KeyStatus? Status);
