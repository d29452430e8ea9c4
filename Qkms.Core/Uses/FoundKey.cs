using Qkms.Core.Keys;

namespace Qkms.Core.Uses;

/// <summary>A key version as it was found, before it is admitted to an operation.</summary>
/// <param name="Named">The version that the request names.</param>
/// <param name="Used">The version that stands for it: the same, or the end of its rotation chain.</param>
internal readonly record struct FoundKey(KeyAndVersion Named, KeyAndVersion Used);
