using Qkms.Core.Store;

namespace Qkms.Core.Idempotency;

/// <summary>A change that is ready to be written: what it writes was made and sealed before the write begins.</summary>
/// <param name="Result">What it does.</param>
/// <param name="At">When.</param>
/// <param name="TryWriteAsync">
/// Writes it if everything is still as it was when the change was planned. Else it returns false before it has written anything, and the
/// change needs another plan.
/// </param>
internal sealed record PlannedChange<T>(T Result, DateTimeOffset At, Func<IKmsSession, Task<bool>> TryWriteAsync);
