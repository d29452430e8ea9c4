using Qkms.Core.Sealing;

namespace Qkms.Core.Idempotency;

/// <summary>What became of a request that its sender may repeat.</summary>
/// <param name="At">When it was done; for a repeated request this is the first time.</param>
/// <param name="IsRepeated">Whether it had been done before, and changed nothing now.</param>
internal record Done(DateTimeOffset At, bool IsRepeated);

/// <summary>The same, with what it did.</summary>
/// <param name="Result">The result as it was written, whatever has changed since.</param>
/// <param name="At">When it was done; for a repeated request this is the first time.</param>
/// <param name="IsRepeated">Whether it had been done before, and changed nothing now.</param>
internal sealed record Done<T>(T Result, DateTimeOffset At, bool IsRepeated) : Done(At, IsRepeated);

/// <summary>The result of a change of which its sender needs to know only that it was made.</summary>
internal readonly record struct Nothing : IKeepable<Nothing>
{
    void IKeepable<Nothing>.WriteTo(CanonicalWriter record)
    {
    }

    static Nothing IKeepable<Nothing>.ReadFrom(ref CanonicalReader record) => default;
}
