using Qkms.Core.Algorithms;

namespace Qkms.Api.Algorithms;

/// <summary>The whole catalogue.</summary>
internal sealed class AlgorithmsFieldAttribute : FieldAttribute
{
    public AlgorithmsFieldAttribute() => MaxItems = KeyAlgorithm.All.Count;
}

/// <summary>The canonical name of an algorithm.</summary>
internal sealed class AlgorithmNameFieldAttribute : FieldAttribute
{
    public AlgorithmNameFieldAttribute() => Words = [.. KeyAlgorithm.All.Select(algorithm => algorithm.Name)];
}

/// <summary>The other spellings of an algorithm.</summary>
internal sealed class AliasesFieldAttribute : FieldAttribute
{
    public AliasesFieldAttribute() => (MaxItems, Words) = (1, [.. KeyAlgorithm.All.Select(algorithm => algorithm.Alias).OfType<string>()]);
}

/// <summary>The operations of an algorithm.</summary>
internal sealed class OperationsFieldAttribute : FieldAttribute
{
    public OperationsFieldAttribute()
    {
        Words =
        [
            "encapsulate", "decapsulate", "encrypt", "decrypt", "wrap", "unwrap", "sign", "verify",
            "generate-data-key", "decrypt-data-key", "generate-mac", "verify-mac",
        ];
        MaxItems = Words.Length;
    }
}
