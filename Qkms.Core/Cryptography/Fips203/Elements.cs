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
