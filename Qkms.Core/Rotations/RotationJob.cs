using Qkms.Core.Idempotency;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Rotations;

/// <summary>A rotation that will be done, or was: of one version, at a time, at most once.</summary>
internal sealed record RotationJob : ISealedRow, IKeepable<RotationJob>
{
    /// <inheritdoc/>
    public static string SealKind => "rotation-job";

    /// <summary>The id by which callers know it; ordered by time of creation.</summary>
    public required RotationJobId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId TenantId { get; init; }

    /// <summary>The version to be rotated.</summary>
    public required Kid Kid { get; init; }

    /// <summary>The name of its key, and of the successor's: API keys are limited to names.</summary>
    public required KeyName Name { get; init; }

    /// <summary>Why there is a job.</summary>
    public required RotationCause Cause { get; init; }

    /// <summary>The kid that the successor is to have; null = a fresh UUIDv7.</summary>
    public Kid? RequestedKid { get; init; }

    /// <summary>The algorithm that the successor is to have, as the request spelled it; null = the same.</summary>
    public string? RequestedAlgorithm { get; init; }

    /// <summary>What the successor's limits are to be other than the version's: a <see cref="LimitRecord"/>; null = the same.</summary>
    public byte[]? Limits { get; init; }

    /// <summary>From when on.</summary>
    public required DateTimeOffset ScheduledAt { get; init; }

    /// <summary>Where it stands.</summary>
    public required RotationJobState State { get; init; }

    /// <summary>How often it was begun.</summary>
    public int Attempts { get; init; }

    /// <summary>
    /// When it is due: at first <see cref="ScheduledAt"/>, later after a failure or when whoever began it must have died; null when it is
    /// over.
    /// </summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>The successor, once there is one.</summary>
    public Kid? NewKid { get; init; }

    /// <summary>The code of the last refusal, if an attempt failed.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Why it failed or was cancelled, for people.</summary>
    public string? Reason { get; init; }

    /// <summary>Who ordered it, as the journal names actors: <c>api_key</c> or <c>system</c>.</summary>
    public required string ActorKind { get; init; }

    /// <summary>The API key's id, or what part of the service it was.</summary>
    public required string ActorId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it succeeded, failed or was cancelled.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Rises with every write of the row.</summary>
    public long RowVersion { get; init; } = 1;

    /// <inheritdoc/>
    public string LogName => $"rotation job {Id}";

    /// <summary>Whether it is still to be done.</summary>
    public bool IsWaiting => State is RotationJobState.Scheduled or RotationJobState.Running;

    /// <summary>The job after its end.</summary>
    /// <param name="state">How it ended.</param>
    /// <param name="now">The time.</param>
    public RotationJob End(RotationJobState state, DateTimeOffset now) =>
        this with { State = state, NextAttemptAt = null, FinishedAt = now, RowVersion = RowVersion + 1 };

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) => Write(writer);

    void IKeepable<RotationJob>.WriteTo(CanonicalWriter record) => Write(record);

    static RotationJob IKeepable<RotationJob>.ReadFrom(ref CanonicalReader record) => new()
    {
        Id = new RotationJobId(record.ReadId()),
        TenantId = new TenantId(record.ReadId()),
        Kid = Kid.FromStored(record.ReadText()),
        Name = KeyName.FromStored(record.ReadText()),
        Cause = (RotationCause)record.ReadNumber(),
        RequestedKid = OptionalKid(record.ReadOptionalText()),
        RequestedAlgorithm = record.ReadOptionalText(),
        Limits = record.ReadOptionalText() is { } limits ? Convert.FromBase64String(limits) : null,
        ScheduledAt = record.ReadTime(),
        State = (RotationJobState)record.ReadNumber(),
        Attempts = checked((int)record.ReadNumber()),
        NextAttemptAt = record.ReadOptionalTime(),
        NewKid = OptionalKid(record.ReadOptionalText()),
        ErrorCode = record.ReadOptionalText(),
        Reason = record.ReadOptionalText(),
        ActorKind = record.ReadText(),
        ActorId = record.ReadText(),
        CreatedAt = record.ReadTime(),
        FinishedAt = record.ReadOptionalTime(),
        RowVersion = record.ReadNumber(),
    };

    // Every column: what a repeated request is told is what the row holds.
    private void Write(CanonicalWriter writer) => writer
        .Add(Id.Value).Add(TenantId.Value).Add(Kid.Value).Add(Name.Value).Add((long)Cause)
        .Add(RequestedKid?.Value).Add(RequestedAlgorithm).Add(Limits is null ? null : Convert.ToBase64String(Limits))
        .Add(ScheduledAt).Add((long)State).Add((long)Attempts).Add(NextAttemptAt)
        .Add(NewKid?.Value).Add(ErrorCode).Add(Reason)
        .Add(ActorKind).Add(ActorId).Add(CreatedAt).Add(FinishedAt).Add(RowVersion);

    private static Kid? OptionalKid(string? text) => text is null ? null : Kid.FromStored(text);
}

/// <summary>Where a job stands. The numbers are sealed into rows and never change.</summary>
internal enum RotationJobState
{
    /// <summary>It waits for its time, or for the next attempt.</summary>
    Scheduled = 1,

    /// <summary>A node has begun it.</summary>
    Running = 2,

    /// <summary>There is a successor.</summary>
    Succeeded = 3,

    /// <summary>There will be none.</summary>
    Failed = 4,

    /// <summary>Somebody called it off.</summary>
    Cancelled = 5,
}

/// <summary>Why there is a job. The numbers are sealed into rows and never change.</summary>
internal enum RotationCause
{
    /// <summary>Somebody asked for it.</summary>
    Request = 1,

    /// <summary>The key's rotation period went by.</summary>
    Period = 2,

    /// <summary>The version's soft usage limit was reached.</summary>
    UsageLimit = 3,

    /// <summary>The version's soft expiration was reached.</summary>
    Expiration = 4,
}
