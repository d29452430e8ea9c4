using Qkms.Core.Sealing;

namespace Qkms.Core.Idempotency;

/// <summary>A result that can be kept in a <see cref="ResultRecord"/>. A change of its parts needs a new format of the record.</summary>
internal interface IKeepable<TSelf>
    where TSelf : IKeepable<TSelf>
{
    /// <summary>Writes all that a repeated request has to see again.</summary>
    void WriteTo(CanonicalWriter record);

    /// <summary>Reads what <see cref="WriteTo"/> wrote.</summary>
    static abstract TSelf ReadFrom(ref CanonicalReader record);
}
