using FluentValidation;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Fields;

/// <summary>How many days something waits for its end.</summary>
internal sealed class WaitingDaysFieldAttribute : FieldAttribute
{
    public WaitingDaysFieldAttribute(int usual)
    {
        (Minimum, Maximum) = (KeyDestruction.MinWaitingDays, KeyDestruction.MaxWaitingDays);
        (Default, Example) = (usual, usual);
    }
}

/// <summary>The rules for waiting times, which a DELETE takes from its query or its body.</summary>
internal static class WaitingDays
{
    private static readonly string _rule =
        $"must be a whole number from {KeyDestruction.MinWaitingDays} to {KeyDestruction.MaxWaitingDays}";

    public static IRuleBuilderOptions<T, int?> IsWaitingDays<T>(this IRuleBuilder<T, int?> rule) =>
        rule.Must(days => days is null || Allows(days.Value)).WithMessage(_rule);

    public static IRuleBuilderOptions<T, QueryInteger?> IsWaitingDays<T>(this IRuleBuilder<T, QueryInteger?> rule) =>
        rule.Must(days => days is null || Allows(days.Value.Value)).WithMessage(_rule);

    /// <summary>What query and body say together.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>: they disagree.</exception>
    public static int? Agreed(QueryInteger? query, int? body) => query?.Value is { } days && body is { } other && other != days
        ? throw KmsErrors.Invalid.With(
            "'waiting_days' must be the same in the query and in the body.",
            new FieldError("waiting_days", "must be the same in the query and in the body"))
        : query?.Value ?? body;

    private static bool Allows(int? days) => days is >= KeyDestruction.MinWaitingDays and <= KeyDestruction.MaxWaitingDays;
}
