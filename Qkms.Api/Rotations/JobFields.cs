using Qkms.Core.Rotations;

namespace Qkms.Api.Rotations;

/// <summary>The state of a job.</summary>
internal sealed class JobStateFieldAttribute : FieldAttribute
{
    public JobStateFieldAttribute() =>
        (Words, Example) = ([.. Enum.GetValues<RotationJobState>().Select(RotationOrders.NameOf)], "SCHEDULED");
}

/// <summary>The cause of a job.</summary>
internal sealed class JobCauseFieldAttribute : FieldAttribute
{
    public JobCauseFieldAttribute() => (Words, Example) = ([.. Enum.GetValues<RotationCause>().Select(NameOf)], "request");

    public static string NameOf(RotationCause cause) => cause switch
    {
        RotationCause.Request => "request",
        RotationCause.Period => "period",
        RotationCause.UsageLimit => "usage_limit",
        RotationCause.Expiration => "expiration",
        _ => throw new ArgumentOutOfRangeException(nameof(cause)),
    };
}

/// <summary>The id of a job, in a path.</summary>
internal sealed class JobIdFieldAttribute : FieldAttribute
{
    /// <summary>The example: what an earlier answer has.</summary>
    public const string Pasted = "paste-from-RotateVersion";

    public JobIdFieldAttribute() => (Pattern, MaxLength) = ("^[A-Za-z0-9-]+$", 36);

    /// <summary>The id in a path. A malformed one is treated like one that does not exist.</summary>
    public static RotationJobId Read(string text) =>
        Guid.TryParseExact(text, "D", out Guid id) ? new RotationJobId(id) : throw RotationJobs.NotFound();
}

/// <summary>The state of a job in a query.</summary>
/// <param name="Text">The text.</param>
/// <param name="Value">The state; null when the text is not one.</param>
[JobStateField]
internal readonly record struct JobStateText(string Text, RotationJobState? Value) : IParsedText<JobStateText>
{
    public static bool TryParse(string? text, out JobStateText parsed)
    {
        RotationJobState state = Enum.GetValues<RotationJobState>().FirstOrDefault(state => RotationOrders.NameOf(state) == text);
        parsed = new JobStateText(text ?? "", state == default ? null : state);
        return true;
    }
}
