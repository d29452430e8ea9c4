namespace Qkms.Core.Algorithms;

/// <summary>What Qkms advises about an algorithm.</summary>
public enum AlgorithmStanding
{
    /// <summary>The choice for new keys.</summary>
    Recommended,

    /// <summary>Sound, for those who need it.</summary>
    Supported,

    /// <summary>For compatibility: it does not withstand a quantum computer.</summary>
    Legacy,
}
