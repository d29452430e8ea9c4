namespace Qkms.Core.Keys;

/// <summary>How long and how often a version may be used; null = without end.</summary>
internal sealed record KeyLimits
{
    /// <summary>The greatest number of uses: 2^53 − 1, up to which every reader of JSON reads whole numbers as they are.</summary>
    public const long MostUses = (1L << 53) - 1;

    /// <summary>The longest rotation period, in days: ten years.</summary>
    public const int MostPeriodDays = 3650;

    // Longer than any certificate or archive lasts, and short enough that no sum of it leaves the calendar.
    private const int MostYears = 100;

    /// <summary>No limit at all.</summary>
    public static readonly KeyLimits None = new();

    /// <summary>Uses from which on answers warn.</summary>
    public long? SoftUsageLimit { get; init; }

    /// <summary>Most uses.</summary>
    public long? MaxUsageLimit { get; init; }

    /// <summary>Time from which on answers warn.</summary>
    public DateTimeOffset? SoftLimitExpiration { get; init; }

    /// <summary>End of encrypting and signing.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>End of decrypting and verifying; never without <see cref="ExpiresAt"/>, nor before it.</summary>
    public DateTimeOffset? ProcessUntil { get; init; }

    /// <summary>Whether a soft limit that is reached starts a rotation.</summary>
    public bool AutoRotate { get; init; }

    /// <summary>
    /// The limits that a successor made at <paramref name="successorCreatedAt"/> begins with: the same uses, and times as far from its own
    /// creation as these were from that of their version.
    /// </summary>
    public KeyLimits MirroredTo(DateTimeOffset createdAt, DateTimeOffset successorCreatedAt)
    {
        return this with
        {
            SoftLimitExpiration = Moved(SoftLimitExpiration),
            ExpiresAt = Moved(ExpiresAt),
            ProcessUntil = Moved(ProcessUntil),
        };

        DateTimeOffset? Moved(DateTimeOffset? at)
        {
            DateTimeOffset latest = successorCreatedAt.AddYears(MostYears);
            return at is not { } time ? null
                : time - createdAt is var span && span < latest - successorCreatedAt ? successorCreatedAt + span
                : latest;
        }
    }

    /// <summary>These limits with what a request changes of them.</summary>
    /// <param name="changes">The changes.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>: they are no limits, or do not fit together.</exception>
    public KeyLimits With(KeyLimitChanges changes, DateTimeOffset now)
    {
        KeyLimits changed = new()
        {
            SoftUsageLimit = changes.SoftUsageLimit.Or(SoftUsageLimit),
            MaxUsageLimit = changes.MaxUsageLimit.Or(MaxUsageLimit),
            SoftLimitExpiration = changes.SoftLimitExpiration.Or(SoftLimitExpiration),
            ExpiresAt = changes.ExpiresAt.Or(ExpiresAt),
            ProcessUntil = changes.ProcessUntil.Or(ProcessUntil),
            AutoRotate = changes.AutoRotate.Or(AutoRotate) ?? false,
        };
        List<FieldError> faults = [];
        RequireUses(faults, SoftUsageField, changes.SoftUsageLimit);
        RequireUses(faults, MaxUsageField, changes.MaxUsageLimit);
        RequireFuture(faults, SoftExpirationField, changes.SoftLimitExpiration, now);
        RequireFuture(faults, ExpiresField, changes.ExpiresAt, now);
        RequireFuture(faults, ProcessUntilField, changes.ProcessUntil, now);
        if (changes.RotationPeriod.Value is { } period && (period < TimeSpan.FromDays(1) || period > TimeSpan.FromDays(MostPeriodDays)))
            faults.Add(new FieldError("rotation_period", $"must be a whole number of days from 1 to {MostPeriodDays}"));

        // What is wrong in itself is said alone: how it fits to the rest says nothing new.
        if (faults.Count == 0)
            RequireOrder(faults, changed, changes);

        return faults.Count == 0
            ? changed
            : throw KmsErrors.Invalid.With($"'{faults[0].Field}' {faults[0].Message}.", faults);
    }

    private const string SoftUsageField = "soft_usage_limit";
    private const string MaxUsageField = "max_usage_limit";
    private const string SoftExpirationField = "soft_limit_expiration";
    private const string ExpiresField = "expires_at";
    private const string ProcessUntilField = "process_until";

    private static void RequireUses(List<FieldError> faults, string field, Given<long> uses)
    {
        if (uses.Value is < 1 or > MostUses)
            faults.Add(new FieldError(field, $"must be a whole number from 1 to {MostUses}"));
    }

    private static void RequireFuture(List<FieldError> faults, string field, Given<DateTimeOffset> at, DateTimeOffset now)
    {
        if (at.Value is not { } time)
            return;

        if (time <= now)
            faults.Add(new FieldError(field, "must be in the future"));
        else if (time > now.AddYears(MostYears))
            faults.Add(new FieldError(field, $"must be within {MostYears} years"));
    }

    // Blames the member that the request has: the other one stands there already.
    private static void RequireOrder(List<FieldError> faults, KeyLimits changed, KeyLimitChanges changes)
    {
        if (changed.SoftUsageLimit > changed.MaxUsageLimit)
        {
            faults.Add(changes.SoftUsageLimit.IsGiven
                ? new FieldError(SoftUsageField, $"must not be above {MaxUsageField}")
                : new FieldError(MaxUsageField, $"must not be below {SoftUsageField}, which is {changed.SoftUsageLimit}"));
        }

        if (changed.SoftLimitExpiration > changed.ExpiresAt)
        {
            faults.Add(changes.SoftLimitExpiration.IsGiven
                ? new FieldError(SoftExpirationField, $"must not be after {ExpiresField}")
                : new FieldError(ExpiresField, $"must not be before {SoftExpirationField}"));
        }

        if (changed is { ProcessUntil: not null, ExpiresAt: null })
        {
            faults.Add(changes.ProcessUntil.IsGiven
                ? new FieldError(ProcessUntilField, $"needs {ExpiresField}: what is encrypted could not be decrypted afterwards")
                : new FieldError(ExpiresField, $"must not be removed while there is {ProcessUntilField}"));
        }
        else if (changed.ProcessUntil < changed.ExpiresAt)
        {
            faults.Add(changes.ProcessUntil.IsGiven
                ? new FieldError(ProcessUntilField, $"must not be before {ExpiresField}")
                : new FieldError(ExpiresField, $"must not be after {ProcessUntilField}"));
        }
    }
}

/// <summary>What a request says of the limits of a version and of the rotation period of its key.</summary>
internal sealed record KeyLimitChanges
{
    /// <summary>Nothing.</summary>
    public static readonly KeyLimitChanges None = new();

    /// <summary>Uses from which on answers warn: 1 to <see cref="KeyLimits.MostUses"/>.</summary>
    public Given<long> SoftUsageLimit { get; init; }

    /// <summary>Most uses: 1 to <see cref="KeyLimits.MostUses"/>.</summary>
    public Given<long> MaxUsageLimit { get; init; }

    /// <summary>Time from which on answers warn; in the future.</summary>
    public Given<DateTimeOffset> SoftLimitExpiration { get; init; }

    /// <summary>End of encrypting and signing; in the future.</summary>
    public Given<DateTimeOffset> ExpiresAt { get; init; }

    /// <summary>End of decrypting and verifying; in the future.</summary>
    public Given<DateTimeOffset> ProcessUntil { get; init; }

    /// <summary>Whether a soft limit that is reached starts a rotation; null = no.</summary>
    public Given<bool> AutoRotate { get; init; }

    /// <summary>How often the key rotates by itself: whole days, at most <see cref="KeyLimits.MostPeriodDays"/>.</summary>
    public Given<TimeSpan> RotationPeriod { get; init; }
}
