using Qkms.Core.Rotations;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Rotations;

/// <summary>A row of <c>rotation_jobs</c>.</summary>
internal sealed class RotationJobRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns =
        """
        id, tenant_id, kid, name, cause, requested_kid, requested_algorithm, limits, scheduled_at, state, attempts, next_attempt_at,
        new_kid, error_code, reason, actor_kind, actor_id, created_at, finished_at, row_version, seal, seal_key_id
        """;

    public byte[] Id { get; init; } = [];

    public byte[] TenantId { get; init; } = [];

    public string Kid { get; init; } = "";

    public string Name { get; init; } = "";

    public long Cause { get; init; }

    public string? RequestedKid { get; init; }

    public string? RequestedAlgorithm { get; init; }

    public byte[]? Limits { get; init; }

    public long ScheduledAt { get; init; }

    public long State { get; init; }

    public long Attempts { get; init; }

    public long? NextAttemptAt { get; init; }

    public string? NewKid { get; init; }

    public string? ErrorCode { get; init; }

    public string? Reason { get; init; }

    public string ActorKind { get; init; } = "";

    public string ActorId { get; init; } = "";

    public long CreatedAt { get; init; }

    public long? FinishedAt { get; init; }

    public long RowVersion { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[]? SealKeyId { get; init; }

    public static RotationJobRow From(Sealed<RotationJob> stored)
    {
        RotationJob job = stored.UnverifiedRow;
        return new RotationJobRow
        {
            Id = job.Id.Value.ToBytes(),
            TenantId = job.TenantId.Value.ToBytes(),
            Kid = job.Kid.Value,
            Name = job.Name.Value,
            Cause = (int)job.Cause,
            RequestedKid = job.RequestedKid?.Value,
            RequestedAlgorithm = job.RequestedAlgorithm,
            Limits = job.Limits,
            ScheduledAt = job.ScheduledAt.ToStored(),
            State = (int)job.State,
            Attempts = job.Attempts,
            NextAttemptAt = job.NextAttemptAt.ToStored(),
            NewKid = job.NewKid?.Value,
            ErrorCode = job.ErrorCode,
            Reason = job.Reason,
            ActorKind = job.ActorKind,
            ActorId = job.ActorId,
            CreatedAt = job.CreatedAt.ToStored(),
            FinishedAt = job.FinishedAt.ToStored(),
            RowVersion = job.RowVersion,
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<RotationJob> ToSealed()
    {
        StoredRowReader read = new();
        RotationJob job = new()
        {
            Id = new RotationJobId(read.Id(Id)),
            TenantId = new TenantId(read.Id(TenantId)),
            Kid = Core.Names.Kid.FromStored(Kid),
            Name = KeyName.FromStored(Name),
            Cause = (RotationCause)read.Number(Cause),
            RequestedKid = OptionalKid(RequestedKid),
            RequestedAlgorithm = RequestedAlgorithm,
            Limits = Limits,
            ScheduledAt = read.Time(ScheduledAt),
            State = (RotationJobState)read.Number(State),
            Attempts = read.Number(Attempts),
            NextAttemptAt = read.OptionalTime(NextAttemptAt),
            NewKid = OptionalKid(NewKid),
            ErrorCode = ErrorCode,
            Reason = Reason,
            ActorKind = ActorKind,
            ActorId = ActorId,
            CreatedAt = read.Time(CreatedAt),
            FinishedAt = read.OptionalTime(FinishedAt),
            RowVersion = RowVersion,
        };
        return read.Seal(job, Seal, SealKeyId);
    }

    private static Kid? OptionalKid(string? column) => column is null ? null : Core.Names.Kid.FromStored(column);
}

/// <summary>A row that is due, whatever stands in it.</summary>
internal sealed class DueStoredRow
{
    public byte[] TenantId { get; init; } = [];

    public byte[] Id { get; init; } = [];

    public long DueAt { get; init; }

    public DueRow ToDue()
    {
        bool areIds = TenantId.Length == 16 && Id.Length == 16;
        return new DueRow(
            DueAt, Id, areIds ? (new TenantId(new Guid(TenantId, bigEndian: true)), new Guid(Id, bigEndian: true)) : null);
    }
}
