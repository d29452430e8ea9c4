using FluentValidation;
using Qkms.Core.Journal;

namespace Qkms.Api.Fields;

/// <summary>A reason that the journal records.</summary>
internal sealed class ReasonFieldAttribute : FieldAttribute
{
    public ReasonFieldAttribute() =>
        (Pattern, MaxLength, Example) = ("^[^\\u0000]*$", JournalEvent.MaxReasonLength, "The laptop that held a backup was stolen.");
}

/// <summary>The rule for reasons that the journal records.</summary>
internal static class ReasonRules
{
    public static IRuleBuilderOptions<T, string?> IsReason<T>(
        this IRuleBuilder<T, string?> rule, int longest = JournalEvent.MaxReasonLength) => rule
        .Must(reason => reason is null || reason.EnumerateRunes().Count() <= longest)
        .WithMessage($"must have at most {longest} characters")
        .Must(reason => reason?.Contains('\0', StringComparison.Ordinal) != true)
        .WithMessage("must not contain U+0000");
}
