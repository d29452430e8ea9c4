using Qkms.Core.Idempotency;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;

namespace Qkms.Core.Lifecycle;

/// <summary>What a rotation left behind.</summary>
/// <param name="Active">The new version.</param>
/// <param name="Retired">The version it replaced; one that was not active has kept its state.</param>
internal sealed record KeyRotation(KeyVersion Active, KeyVersion Retired) : IKeepable<KeyRotation>
{
    void IKeepable<KeyRotation>.WriteTo(CanonicalWriter record)
    {
        KeyVersionRecord.Write(record, Active);
        KeyVersionRecord.Write(record, Retired);
    }

    static KeyRotation IKeepable<KeyRotation>.ReadFrom(ref CanonicalReader record) =>
        new(KeyVersionRecord.Read(ref record), KeyVersionRecord.Read(ref record));
}
