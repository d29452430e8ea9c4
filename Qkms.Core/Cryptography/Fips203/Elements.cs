namespace Qkms.Core.Cryptography.Fips203;

/// <summary>An element of the ring R_q: 256 coefficients (FIPS 203, section 2.4.4). A view; the memory is the caller's.</summary>
internal readonly ref struct RingElement(Span<short> coefficients)
{
    internal Span<short> Coefficients { get; } = coefficients[..ParameterSet.N];
}

/// <summary>
/// An element of T_q, the image of the number-theoretic transform: 128 pairs. A type of its own, because a mix-up with
/// <see cref="RingElement"/> would be quiet.
/// </summary>
internal readonly ref struct NttElement(Span<short> coefficients)
{
    internal Span<short> Coefficients { get; } = coefficients[..ParameterSet.N];
}

/// <summary>A vector over R_q.</summary>
internal readonly ref struct RingVector(Span<short> coefficients)
{
    internal Span<short> Coefficients { get; } = coefficients;

    internal int Count => Coefficients.Length >> 8;

    internal RingElement this[int index] => new(Coefficients[(index * ParameterSet.N)..]);
}

/// <summary>A vector over T_q; a matrix is the vector of its rows, one after the other.</summary>
internal readonly ref struct NttVector(Span<short> coefficients)
{
    internal Span<short> Coefficients { get; } = coefficients;

    internal int Count => Coefficients.Length >> 8;

    internal NttElement this[int index] => new(Coefficients[(index * ParameterSet.N)..]);
}

/// <summary>
/// An element of T_q laid out to multiply others (FIPS 203, Algorithm 11): for each pair (b₀, b₁) modulo X² - γ, first all pairs (b₀,
/// γ·b₁),
/// then all pairs (b₁, b₀). With them, the two coefficients of a product are two sums of two products each.
/// </summary>
internal readonly ref struct Factor(Span<short> coefficients)
{
    /// <summary>Coefficients in memory.</summary>
    internal const int Size = 2 * ParameterSet.N;

    internal Span<short> Scaled { get; } = coefficients[..ParameterSet.N];

    internal Span<short> Swapped { get; } = coefficients[ParameterSet.N..Size];
}

/// <summary>A vector of <see cref="Factor"/>s.</summary>
internal readonly ref struct FactorVector(Span<short> coefficients)
{
    internal Span<short> Coefficients { get; } = coefficients;

    internal int Count => Coefficients.Length / Factor.Size;

    internal Factor this[int index] => new(Coefficients[(index * Factor.Size)..]);
}
