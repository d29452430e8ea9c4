namespace Qkms.Core.Lifecycle;

/// <summary>A version to be destroyed.</summary>
/// <param name="Kid">The version.</param>
/// <param name="WaitingDays">How long it waits: <see cref="KeyDestruction.MinWaitingDays"/> to <see cref="KeyDestruction.MaxWaitingDays"/> days.</param>
/// <param name="Reason">Why, for the journal.</param>
public sealed record ScheduleDestructionCommand(Kid Kid, int WaitingDays, string? Reason);
