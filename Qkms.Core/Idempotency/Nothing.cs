using Qkms.Core.Sealing;

namespace Qkms.Core.Idempotency;

/// <summary>The result of a change of which its sender needs to know only that it was made.</summary>
internal readonly record struct Nothing : IKeepable<Nothing>
{
    void IKeepable<Nothing>.WriteTo(CanonicalWriter record)
    {
    }

    static Nothing IKeepable<Nothing>.ReadFrom(ref CanonicalReader record) => default;
}
